package register_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/register"
)

var byHand = core.Catalogue{{Code: "p", ManualSetup: core.ManualSetup{Within: 48 * time.Hour}}, {Code: "at_once"}}

// told are the kinds of what was told so far, but for changes of the licence.
func (w *world) told(t *testing.T) string {
	t.Helper()
	events, err := w.db.Outbox().Unspread(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range events {
		if strings.HasPrefix(string(e.Kind), "registration.") || e.Kind == outbox.LicenseReady {
			kinds = append(kinds, string(e.Kind))
		}
	}
	slices.Sort(kinds) // those of one instant are in no order
	return strings.Join(kinds, " ")
}

// An account is ready when the seller's people say so, whatever breaks in between, and then it is told once.
func TestMadeReadyByHandThoughBothEndsFail(t *testing.T) {
	cut := errors.New("connection cut")
	for name, b := range map[string]*book{"well": {}, "before": {before: cut}, "after": {after: cut}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, byHand)
			w.aws["t"] = license.Buyer{ProductCode: "p", ARN: "arn:1", Customer: "111122223333"}
			reg, err := w.Arrive(t.Context(), "t", "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.MakeReady(t.Context(), reg.ID); fail.CodeOf(err) != register.NotSettingUp {
				t.Errorf("before there is an account: %v", err)
			}
			if _, err := w.book.Note(t.Context(), license.Note{ID: "n", Kind: license.Activated, At: noon, About: license.Ref{ProductCode: "p", ARN: "arn:1"}}); err != nil {
				t.Fatal(err)
			}
			w.book.before, w.book.after = b.before, b.after
			job := w.Attach()
			settle := func() {
				t.Helper()
				w.book.before, w.book.after = nil, nil
				if _, due, err := job.Due(t.Context()); err != nil || due != (name != "well") {
					t.Errorf("due %v, %v", due, err)
				}
				if _, err := job.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if _, due, _ := job.Due(t.Context()); due {
					t.Error("still due")
				}
			}
			reg, err = w.Claim(t.Context(), reg.ID, w.a, nil)
			if s := reg.Standing(); err != nil || s.State != register.SettingUp || !s.By.Equal(noon.Add(48*time.Hour)) || s.Next == "" {
				t.Fatalf("%+v, %v", reg, err)
			}
			settle()
			if l, _ := w.book.ByID(reg.License); l.Account != w.a || !l.SettingUp || !l.Standing.Access() {
				t.Errorf("%+v", l)
			}
			if got := w.told(t); got != "registration.arrived registration.setting_up" {
				t.Errorf("told %s", got)
			}

			w.clk.Set(noon.Add(time.Hour))
			w.book.before, w.book.after = b.before, b.after
			if reg, err = w.MakeReady(t.Context(), reg.ID); err != nil || reg.Standing().State != register.Complete || !reg.ReadyAt.Equal(noon.Add(time.Hour)) {
				t.Fatalf("%+v, %v", reg, err)
			}
			settle()
			w.clk.Set(noon.Add(2 * time.Hour))
			if again, err := w.MakeReady(t.Context(), reg.ID); err != nil || !again.ReadyAt.Equal(noon.Add(time.Hour)) {
				t.Errorf("%+v, %v", again, err)
			}
			if l, _ := w.book.ByID(reg.License); l.SettingUp {
				t.Errorf("%+v", l)
			}
			if got := w.told(t); got != "license.ready registration.arrived registration.completed registration.setting_up" {
				t.Errorf("told %s", got)
			}
		})
	}
}

func TestNothingIsMadeReadyThatIsReady(t *testing.T) {
	w := newWorld(t, byHand)
	w.aws["t"] = license.Buyer{ProductCode: "at_once", ARN: "arn:1", Customer: "111122223333"}
	reg, err := w.Arrive(t.Context(), "t", "")
	if err == nil {
		reg, err = w.Claim(t.Context(), reg.ID, w.a, nil)
	}
	if err != nil || reg.Standing().State != register.Complete {
		t.Fatalf("%+v, %v", reg, err)
	}
	if _, err := w.MakeReady(t.Context(), reg.ID); fail.CodeOf(err) != register.NotSettingUp {
		t.Errorf("%v", err)
	}
	if _, err := w.MakeReady(t.Context(), "reg_none"); !fail.Is(err, fail.NotFound) {
		t.Errorf("%v", err)
	}
}
