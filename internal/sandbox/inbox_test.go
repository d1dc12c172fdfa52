package sandbox_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"

	"souk.dev/souk/internal/sandbox"
)

// TestAMailSentIsAMailCaught goes by what a program is told, SOUK_SMTP_URL, and ends with what a test reads.
func TestAMailSentIsAMailCaught(t *testing.T) {
	mail, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.New(t.Context(), sandbox.Config{Mail: mail})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	ask := func(method, path string, out any) int {
		t.Helper()
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+path, nil))
		if out != nil {
			if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
				t.Fatalf("%s: %v in %s", path, err, w.Body)
			}
		}
		return w.Code
	}
	var env map[string]string
	ask("GET", "/_sandbox/env", &env)
	addr, ok := strings.CutPrefix(env["SOUK_SMTP_URL"], "smtp://")
	if !ok {
		t.Fatalf("SOUK_SMTP_URL is %q", env["SOUK_SMTP_URL"])
	}
	for _, to := range []string{"ada@acme.example", "bob@acme.example"} {
		if err := smtp.SendMail(addr, nil, "hello@inkwell.example", []string{to}, []byte("Subject: Hello "+to+"\r\n\r\nOn to https://inkwell.example/in.")); err != nil {
			t.Fatal(err)
		}
	}
	var list struct {
		Items []struct {
			ID, Subject string
			Links       []string
		}
		Next string
	}
	ask("GET", "/_sandbox/inbox?limit=1", &list)
	if list.Next == "" || len(list.Items) != 1 {
		t.Errorf("the first page: %+v", list)
	}
	ask("GET", "/_sandbox/inbox?to=BOB@acme.example", &list)
	if len(list.Items) != 1 || list.Items[0].Subject != "Hello bob@acme.example" || len(list.Items[0].Links) != 1 || list.Items[0].Links[0] != "https://inkwell.example/in" {
		t.Errorf("caught %+v", list)
	}
	if code := ask("GET", "/_sandbox/inbox/"+list.Items[0].ID, nil); code != http.StatusOK {
		t.Errorf("one mail answers %d", code)
	}
	if code := ask("DELETE", "/_sandbox/inbox", nil); code != http.StatusNoContent {
		t.Errorf("clearing answers %d", code)
	}
	if ask("GET", "/_sandbox/inbox", &list); len(list.Items) != 0 {
		t.Errorf("after clearing: %+v", list)
	}
}
