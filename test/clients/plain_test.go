package clients

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// discovering is the buyer's session with Discovery without any client.
type discovering struct{ *market }

func (m discovering) call(t *testing.T, _, operation string, input map[string]any) answer {
	t.Helper()
	body, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	path := "/2026-02-05/" + strings.ToLower(operation[:1]) + operation[1:]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	sum := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: m.keys.AccessKeyID, SecretAccessKey: m.keys.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, hex.EncodeToString(sum[:]), "aws-marketplace", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		return answer{Code: res.Header.Get("X-Amzn-ErrorType"), Message: string(text)}
	}
	return answer{Output: text}
}
