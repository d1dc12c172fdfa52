package queue

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestTagsAndSourcesOutliveARestart(t *testing.T) {
	st := newStage(t, nil)
	long := strings.Repeat("ü", maxTagValue)
	if err := st.CreateTagged(account, "mine", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + ARN(account, "q") + `","maxReceiveCount":"3"}`}, map[string]string{"team": "press", "": ""}); code(err) != InvalidParameterValue {
		t.Errorf("a tag without a key: %v", err)
	}
	for name, redrive := range map[string]string{"mine": ARN(account, "q"), "also": ARN(account, "q"), "other": ARN(account, "mine")} {
		err := st.CreateTagged(account, name, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + redrive + `","maxReceiveCount":"3"}`}, map[string]string{"team": "press", "gone": "soon"})
		if err != nil {
			t.Fatal(err)
		}
	}
	for why, c := range map[string]struct {
		err  error
		want Code
	}{
		"a value as long as may be": {st.Tag(account, "mine", map[string]string{"team": long}), ""},
		"a longer value":            {st.Tag(account, "mine", map[string]string{"team": long + "x"}), InvalidParameterValue},
		"a longer key":              {st.Tag(account, "mine", map[string]string{strings.Repeat("k", maxTagKey+1): ""}), InvalidParameterValue},
		"a reserved key":            {st.Tag(account, "mine", map[string]string{"aws:team": "x"}), InvalidParameterValue},
		"no queue":                  {st.Tag(account, "none", map[string]string{"a": "b"}), QueueDoesNotExist},
		"untag":                     {st.Untag(account, "mine", []string{"gone", "never"}), ""},
		"untag no queue":            {st.Untag(account, "none", []string{"gone"}), QueueDoesNotExist},
	} {
		if got := code(c.err); got != c.want {
			t.Errorf("%s: %v; want %q", why, c.err, c.want)
		}
	}
	again := New(Options{Clock: st.clk})
	for _, c := range st.log {
		if err := again.Replay(c); err != nil {
			t.Fatal(err)
		}
	}
	for when, s := range map[string]*Service{"before": st.Service, "after": again} {
		if got, err := s.Tags(account, "mine"); err != nil || !maps.Equal(got, map[string]string{"team": long}) {
			t.Errorf("%s: tags %v, %v", when, got, err)
		}
		if got, err := s.Sources(account, "q"); err != nil || !slices.Equal(got, []string{"also", "mine"}) {
			t.Errorf("%s: sources %v, %v", when, got, err)
		}
		if got, err := s.Sources(account, "also"); err != nil || len(got) != 0 {
			t.Errorf("%s: sources of no dead letters: %v, %v", when, got, err)
		}
	}
}
