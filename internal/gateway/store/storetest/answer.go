package storetest

import (
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/api"
)

// Answers is what every store of answers must do.
func Answers(t *testing.T, open func(t *testing.T) api.AnswerStore) {
	t.Run("AnsweredAgain", func(t *testing.T) { answeredAgain(t, open(t)) })
	t.Run("OneOfManyClaims", func(t *testing.T) { oneOfMany(t, open(t)) })
	t.Run("ClaimsAndAnswersEnd", func(t *testing.T) { claimsEnd(t, open(t)) })
}

func answeredAgain(t *testing.T, s api.AnswerStore) {
	claim := func(request string, at time.Time) (*api.Answer, error) {
		return s.Claim(t.Context(), "n", request, at, at.Add(time.Minute))
	}
	if a, err := claim("r", noon); a != nil || err != nil {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := claim("r", noon); fail.CodeOf(err) != "in_progress" {
		t.Errorf("while the first is worked on: %v", err)
	}
	want := api.Answer{Status: 201, ContentType: "application/json", Location: "/v1/x", Body: []byte(`{"a":1}`)}
	if err := s.Answer(t.Context(), "n", want, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if a, err := claim("r", noon); err != nil || !reflect.DeepEqual(*a, want) {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := claim("other", noon); fail.CodeOf(err) != "idempotency_key_reused" {
		t.Errorf("another request: %v", err)
	}
	if a, err := s.Claim(t.Context(), "m", "other", noon, noon.Add(time.Minute)); a != nil || err != nil {
		t.Errorf("another name: %+v, %v", a, err)
	}
}

func oneOfMany(t *testing.T, s api.AnswerStore) {
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := s.Claim(t.Context(), "n", "r", noon, noon.Add(time.Minute)); err == nil {
				won.Add(1)
			} else if fail.CodeOf(err) != "in_progress" {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d claims won", won.Load())
	}
}

func claimsEnd(t *testing.T, s api.AnswerStore) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Claim(t.Context(), "died", "r", noon, noon.Add(time.Minute))
	must(err)
	if _, err := s.Claim(t.Context(), "died", "r", noon.Add(time.Minute), noon.Add(2*time.Minute)); err != nil {
		t.Errorf("a claim whose process died: %v", err)
	}
	_, err = s.Claim(t.Context(), "freed", "r", noon, noon.Add(time.Hour))
	must(err)
	must(s.Unclaim(t.Context(), "freed"))
	if a, err := s.Claim(t.Context(), "freed", "other", noon, noon.Add(time.Hour)); a != nil || err != nil {
		t.Errorf("a freed name: %+v, %v", a, err)
	}
	must(s.Answer(t.Context(), "freed", api.Answer{Status: 200}, noon.Add(2*time.Hour)))
	must(s.Unclaim(t.Context(), "freed"))
	if a, err := s.Claim(t.Context(), "freed", "other", noon, noon.Add(time.Hour)); a == nil || err != nil {
		t.Errorf("an answer must not be unclaimed: %+v, %v", a, err)
	}
	if n, err := s.Forget(t.Context(), noon.Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("forgotten: %d, %v", n, err)
	}
	if n, err := s.Forget(t.Context(), noon.Add(2*time.Hour)); n != 1 || err != nil {
		t.Errorf("forgotten: %d, %v", n, err)
	}
}
