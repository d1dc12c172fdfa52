package awsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
)

const secretToken = "Kq7+/=tOk%en:Do-Not-Tell_9876"

func resolver(t *testing.T, endpoint string, log io.Writer) *Resolver {
	t.Helper()
	cfg, err := Load(t.Context(), Settings{Endpoint: endpoint, Region: "us-east-1", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return NewResolver(cfg, slog.New(slog.NewTextHandler(log, nil)))
}

// answers serves the given bodies in turn, the last one for ever, and counts.
func answers(t *testing.T, calls *int, bodies ...string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bodies[min(*calls, len(bodies)-1)]
		*calls++
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-RequestId", "req-1")
		switch {
		case strings.Contains(body, contract.InternalServiceError):
			w.WriteHeader(http.StatusInternalServerError)
		case strings.Contains(body, "__type"):
			w.WriteHeader(http.StatusBadRequest)
		}
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func refuse(code, message string) string {
	return fmt.Sprintf(`{"__type":"com.amazonaws.marketplace.metering#%s","message":%q}`, code, message)
}

func TestResolveTellsWhatTheBuyerCanDo(t *testing.T) {
	quoting := "The token " + secretToken + " is bad: " + secretToken[3:20]
	for _, c := range []struct {
		name, answer string
		kind         fail.Kind
		code         string
		calls        int
		alarm        bool // somebody must look at the settings
	}{
		{"unknown token", refuse(contract.InvalidToken, quoting), fail.Invalid, register.TokenInvalid, 1, false},
		{"expired token", refuse(contract.ExpiredToken, quoting), fail.Invalid, register.TokenExpired, 1, false},
		{"our credentials have expired", refuse(contract.ExpiredToken, "The security token included in the request is expired"), fail.Later, "aws_away", 1, true},
		{"throttled", refuse(contract.Throttling, quoting), fail.Later, "aws_away", 3, false},
		{"broken", refuse(contract.InternalServiceError, quoting), fail.Later, "aws_away", 3, false},
		{"wrong region", refuse(contract.DisabledAPI, quoting), fail.Later, "aws_away", 1, true},
		{"not allowed", refuse(contract.AccessDenied, "User is not authorized to perform aws-marketplace:ResolveCustomer"), fail.Later, "aws_away", 1, true},
		{"no JSON", "{", fail.Later, "aws_away", 3, false},
		{"names nobody", `{"ProductCode":"p"}`, fail.Later, "aws_answer", 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			var log bytes.Buffer
			_, err := resolver(t, answers(t, &calls, c.answer), &log).Resolve(t.Context(), secretToken)
			if fail.KindOf(err) != c.kind || fail.CodeOf(err) != c.code {
				t.Errorf("%v (%s), want %v (%s)", fail.KindOf(err), fail.CodeOf(err), c.kind, c.code)
			}
			if calls != c.calls {
				t.Errorf("%d calls, want %d", calls, c.calls)
			}
			if c.alarm != strings.Contains(log.String(), "buyers cannot register") {
				t.Errorf("the log says %q", log.String())
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				for _, text := range []string{e.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e), log.String()} {
					if strings.Contains(text, secretToken) || strings.Contains(text, secretToken[3:20]) || strings.Contains(text, "Do-Not-Tell") {
						t.Errorf("the token is in %q", text)
					}
				}
			}
		})
	}
}

func TestResolveKeepsWhatAnOperatorNeeds(t *testing.T) {
	calls := 0
	_, err := resolver(t, answers(t, &calls, refuse(contract.AccessDenied, "User is not authorized to perform aws-marketplace:ResolveCustomer")), io.Discard).Resolve(t.Context(), secretToken)
	for _, want := range []string{"AccessDeniedException", "not authorized", "req-1"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func TestResolveReadsBothGenerations(t *testing.T) {
	for answer, want := range map[string]license.Buyer{
		`{"ProductCode":"p","CustomerAWSAccountId":"111122223333","LicenseArn":"arn:l","CustomerIdentifier":null}`: {ProductCode: "p", Customer: "111122223333", ARN: "arn:l"},
		`{"ProductCode":"p","CustomerIdentifier":"X01EXAMPLEX"}`:                                                   {ProductCode: "p", CustomerIdentifier: "X01EXAMPLEX"},
	} {
		calls := 0
		got, err := resolver(t, answers(t, &calls, refuse(contract.Throttling, ""), answer), io.Discard).Resolve(t.Context(), secretToken)
		if err != nil || got != want || calls != 2 {
			t.Errorf("got %+v after %d calls, %v; want %+v", got, calls, err, want)
		}
	}
}

// A connection that hangs costs one attempt, not the buyer's patience.
func TestResolveGivesUpOnAHangingConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts, by the kernel's backlog, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	elapsed := clock.Stopwatch()
	_, err = resolver(t, "http://"+listener.Addr().String(), io.Discard).Resolve(ctx, secretToken)
	if !fail.Is(err, fail.Later) || elapsed() > 5*time.Second || strings.Contains(err.Error(), secretToken) {
		t.Errorf("after %s: %v", elapsed(), err)
	}
}

func TestWithoutTakesEverySpelling(t *testing.T) {
	for text, want := range map[string]string{
		"bad " + secretToken + "!":                    "bad [token]!",
		"bad Kq7%2B%2F%3DtOk%25en%3ADo-Not-Tell_9876": "bad [token]",
		"cut: " + secretToken[:14] + "…":              "[not shown: it quotes the token]",
		"nothing of it":                               "nothing of it",
	} {
		if got := without(text, secretToken); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func FuzzWithout(f *testing.F) {
	f.Add("The token abcdefghij is bad", "abcdefghij")
	f.Fuzz(func(t *testing.T, text, token string) {
		if len(token) >= 8 && !strings.Contains(notShown+"[token]", token) && strings.Contains(without(text, token), token) {
			t.Errorf("%q keeps %q", text, token)
		}
	})
}
