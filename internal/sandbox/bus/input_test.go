package bus

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

const event = `{"id":"e1","detail-type":"Purchase Agreement Created - Proposer","resources":["arn:a","arn:b"],"detail":{"agreement":{"id":"agmt-1","note":"say \"hi\" <now>"},"n":3,"none":null}}`

func TestInput(t *testing.T) {
	r := &rule{key: key{"444455556666", "us-east-1", "mine"}}
	e := Event{Account: "444455556666", Region: "us-east-1", ID: "e1", At: time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC), Text: event}
	paths := map[string]string{"id": "$.detail.agreement.id", "note": "$.detail.agreement.note", "n": "$.detail.n", "first": "$.resources[0]", "missing": "$.detail.nothing", "a": "$.detail.agreement"}
	with := func(template string) Target {
		return Target{Transformer: &Transformer{Paths: paths, Template: template}}
	}
	for name, c := range map[string]struct {
		target Target
		want   string
	}{
		"whole":       {Target{}, event},
		"input":       {Target{Input: `{"fixed":true}`}, `{"fixed":true}`},
		"path":        {Target{InputPath: "$.detail.agreement"}, `{"id":"agmt-1","note":"say \"hi\" <now>"}`},
		"element":     {Target{InputPath: "$.resources[1]"}, `"arn:b"`},
		"everything":  {Target{InputPath: "$"}, ""},
		"json":        {with(`{"id": <id>, "n": <n>, "a": <a>, "m": <missing>}`), `{"id": "agmt-1", "n": 3, "a": {"id":"agmt-1","note":"say \"hi\" <now>"}, "m": null}`},
		"text":        {with(`"<id> of <first>: <note>, <n>, <missing>."`), `"agmt-1 of arn:a: say \"hi\" <now>, 3, ."`},
		"no variable": {with(`"a < b, \"<id>\" and c > d"`), `"a < b, \"agmt-1\" and c > d"`},
		"built in":    {with(`{"rule": <aws.events.rule-name>, "arn": "<aws.events.rule-arn>", "at": <aws.events.event.ingestion-time>}`), `{"rule": "mine", "arn": "arn:aws:events:us-east-1:444455556666:rule/mine", "at": "2026-11-10T12:00:00Z"}`},
	} {
		t.Run(name, func(t *testing.T) {
			r.Name = "mine"
			c.target.ID, c.target.ARN = "t", "arn:aws:sqs:us-east-1:444455556666:q"
			if err := c.target.check("us-east-1"); err != nil {
				t.Fatal(err)
			}
			got, err := c.target.input(r, e)
			if c.want == "" { // the whole, in another order
				c.want = got
				if len(got) != len(event) {
					t.Errorf("got %s", got)
				}
			}
			if err != nil || got != c.want || !json.Valid([]byte(got)) {
				t.Errorf("got  %s (%v)\nwant %s", got, err, c.want)
			}
		})
	}
	if got, err := (Target{InputPath: "$.nothing"}).input(r, e); err == nil {
		t.Errorf("made %s of nothing", got)
	}
}

func TestTargetsThatCannotBe(t *testing.T) {
	ok := Target{ID: "t", ARN: "arn:aws:sqs:us-east-1:444455556666:q"}
	for name, change := range map[string]func(*Target){
		"id":         func(t *Target) { t.ID = "a b" },
		"lambda":     func(t *Target) { t.ARN = "arn:aws:lambda:us-east-1:444455556666:function:f" },
		"bus":        func(t *Target) { t.ARN = "arn:aws:events:us-east-1:444455556666:event-bus/x" },
		"region":     func(t *Target) { t.ARN = "arn:aws:sqs:eu-west-1:444455556666:q" },
		"dead":       func(t *Target) { t.DeadLetter = &DeadLetter{"arn:aws:sns:us-east-1:444455556666:t"} },
		"two inputs": func(t *Target) { t.Input, t.InputPath = "{}", "$" },
		"input":      func(t *Target) { t.Input = "{" },
		"path":       func(t *Target) { t.InputPath = "detail" },
		"brackets":   func(t *Target) { t.InputPath = "$.a[x]" },
		"template":   func(t *Target) { t.Transformer = &Transformer{} },
		"variable":   func(t *Target) { t.Transformer = &Transformer{map[string]string{"aws.x": "$"}, "<aws.x>"} },
		"retries":    func(t *Target) { t.Retry = &RetryPolicy{Attempts: new(int64(186))} },
		"age":        func(t *Target) { t.Retry = &RetryPolicy{Age: new(int64(59))} },
	} {
		wrong := ok
		change(&wrong)
		if err := wrong.check("us-east-1"); err == nil {
			t.Errorf("%s: taken: %+v", name, wrong)
		}
	}
	if err := ok.check("us-east-1"); err != nil {
		t.Error(err)
	}
}

// What a template of JSON makes of any event stays JSON.
func FuzzTemplate(f *testing.F) {
	f.Add(`"x"`, "$.detail.agreement.note")
	f.Add("\u2028<b>\\", "$.resources[0]")
	f.Fuzz(func(t *testing.T, note, path string) {
		if _, err := pathOf(path); err != nil {
			return
		}
		text, err := json.Marshal(map[string]any{"detail": map[string]any{"agreement": map[string]any{"note": note}}, "resources": []string{note}})
		if err != nil {
			t.Fatal(err)
		}
		target := Target{Transformer: &Transformer{map[string]string{"v": path}, `{"plain": <v>, "text": "a <v> b", "<v>": 1}`}}
		got, err := target.input(&rule{}, Event{Text: string(text)})
		if err != nil || !json.Valid([]byte(got)) {
			t.Errorf("%s (%v)", strings.ToValidUTF8(got, "?"), err)
		}
	})
}
