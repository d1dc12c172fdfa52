package storefront

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/webui"
)

type faultsView struct {
	Chrome
	Faults  []Fault
	Fields  []webui.Field
	Nothing webui.Empty
}

// Fault is a fault that is switched on, as the page shows it.
type Fault struct {
	fault.Rule
	When string // how often it applies
	Done bool   // it has applied as often as it was to
}

// faultForm is the form for a new fault. Names are those of the control API.
type faultForm struct{ operation, kind, times, probability, code, delay, seed string }

// getFaults lists the faults, with a form to switch one on.
func (s *Storefront) getFaults(w http.ResponseWriter, r *http.Request) error {
	return s.showFaults(w, r, http.StatusOK, faultForm{operation: "BatchMeterUsage", kind: string(fault.Throttle), times: "1"}, nil)
}

func (s *Storefront) showFaults(w http.ResponseWriter, r *http.Request, status int, in faultForm, wrong *fail.Error) error {
	v := faultsView{Chrome: s.chrome(w, r), Fields: faultFields(in, wrong),
		Nothing: webui.Empty{Title: "All is well", Text: "No fault is switched on: calls are answered, and notices arrive."}}
	v.Faults = s.faults()
	return s.ui.Render(w, status, "faults", v)
}

// faults are those that are switched on; none where nothing can be.
func (s *Storefront) faults() (all []Fault) {
	if s.opt.Faults == nil {
		return nil
	}
	for _, rule := range s.opt.Faults.List() {
		all = append(all, Fault{rule, often(rule), rule.Times != nil && rule.Used >= *rule.Times})
	}
	return all
}

func often(r fault.Rule) string {
	when := "always"
	if r.Probability != nil {
		when = "with probability " + strconv.FormatFloat(*r.Probability, 'g', -1, 64)
	}
	if r.Times != nil {
		when += ", " + strconv.Itoa(*r.Times) + " times at most"
		if r.Probability == nil {
			when = strconv.Itoa(*r.Times) + " times"
		}
	}
	return when
}

func faultFields(in faultForm, wrong *fail.Error) []webui.Field {
	operation := webui.Field{Name: "operation", Label: "What", Type: "select", Value: in.operation, Required: true,
		Options: []webui.Choice{{Value: "*", Label: "Every API call"}, {Value: fault.Notification, Label: "Notifications"}}}
	for _, name := range operations() {
		operation.Options = append(operation.Options, webui.Choice{Value: name, Label: name})
	}
	kind := webui.Field{Name: "kind", Label: "Fault", Type: "select", Value: in.kind, Required: true}
	for _, k := range fault.Kinds() {
		kind.Options = append(kind.Options, webui.Choice{Value: string(k), Label: string(k)})
	}
	fields := []webui.Field{operation, kind,
		{Name: "times", Label: "Times", Hint: "Empty: until it is switched off.", Value: in.times, InputMode: "numeric"},
		{Name: "probability", Label: "Probability", Hint: "Of each call, such as 0.1. Empty: every one.", Value: in.probability, InputMode: "decimal"},
		{Name: "seed", Label: "Seed", Hint: "Makes the draws repeatable.", Value: in.seed, InputMode: "numeric"},
		{Name: "code", Label: "Error code", Hint: "Of an exception, such as InvalidTagException.", Value: in.code},
		{Name: "delay", Label: "Delay", Hint: "Of slow and delay, such as 3s.", Value: in.delay},
	}
	if wrong != nil {
		for i := range fields {
			if wrong.Code == "fault_"+fields[i].Name {
				fields[i].Error = wrong.Say
			}
		}
	}
	return fields
}

// postFault switches a fault on.
func (s *Storefront) postFault(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	in := faultForm{get("operation"), get("kind"), get("times"), get("probability"), get("code"), get("delay"), get("seed")}
	rule, err := in.rule()
	if err == nil {
		_, err = s.opt.Faults.Add(rule)
	}
	if wrong, ok := errors.AsType[*fail.Error](err); ok && wrong.Kind == fail.Invalid {
		return s.showFaults(w, r, http.StatusUnprocessableEntity, in, wrong)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/control/faults", http.StatusSeeOther)
	return nil
}

func (f faultForm) rule() (fault.Rule, error) {
	rule := fault.Rule{Operation: f.operation, Kind: fault.Kind(f.kind), Code: f.code, Delay: f.delay}
	if f.times != "" {
		n, err := strconv.Atoi(f.times)
		if err != nil {
			return rule, fail.New(fail.Invalid, "fault_times", "%q is no number; write one, or leave it empty.", f.times)
		}
		rule.Times = &n
	}
	if f.probability != "" {
		p, err := strconv.ParseFloat(f.probability, 64)
		if err != nil {
			return rule, fail.New(fail.Invalid, "fault_probability", "%q is no probability; write it like 0.1.", f.probability)
		}
		rule.Probability = &p
	}
	if f.seed != "" {
		n, err := strconv.ParseUint(f.seed, 10, 64)
		if err != nil {
			return rule, fail.New(fail.Invalid, "fault_seed", "%q is no seed; write a whole number, 0 or more.", f.seed)
		}
		rule.Seed = n
	}
	return rule, nil
}

// postFaultOff switches a fault off. One that is gone already is off.
func (s *Storefront) postFaultOff(w http.ResponseWriter, r *http.Request) error {
	if err := s.opt.Faults.Remove(r.PathValue("fault")); err != nil && !fail.Is(err, fail.NotFound) {
		return err
	}
	http.Redirect(w, r, "/control/faults", http.StatusSeeOther)
	return nil
}
