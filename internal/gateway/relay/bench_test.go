package relay

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkProof is what a proof costs for a request with a hundred events: on the node that brings it, and on the owner.
func BenchmarkProof(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 20_000)
	header := http.Header{"Authorization": {"Bearer k"}, "Content-Type": {"application/json"}, "User-Agent": {"bench"}}
	p := newPeer()
	said := claim{Key: 1, Node: "b", Sender: "s", At: noon.UnixMicro(), Epoch: epoch, Client: "203.0.113.9:0", Host: "h", Length: int64(len(body))}
	door := p.relay.Door(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); err != nil || n != said.Length {
			b.Fatal(n, err)
		}
	}))
	b.SetBytes(said.Length)
	b.ReportAllocs()
	for b.Loop() {
		said.Number++
		r := httptest.NewRequest(http.MethodPost, "/v1/events", nil)
		r.Header = header.Clone()
		said.Headers = goesOn(r.Header)
		proof, head := said.prove(theirs[1], r.Method, r.RequestURI, r.Header)
		r.Header.Set(ProofHeader, proof)
		r.Body = newPacker(io.NopCloser(bytes.NewReader(body)), theirs[1], head)
		door.ServeHTTP(httptest.NewRecorder(), r)
	}
}
