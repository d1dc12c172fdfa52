package sandboxtest

import (
	"net/http"
	"net/url"
)

// Fault is a disturbance that is switched on. Without Times and Probability it lasts until it is removed.
type Fault struct {
	ID          string  `json:"id,omitempty"`          // given by the marketplace
	Operation   string  `json:"operation"`             // such as "BatchMeterUsage", "*" for every call, or "Notification"
	Kind        string  `json:"kind"`                  // such as "throttle", "error-after-commit", "duplicate"; a wrong one is refused with the list
	Times       int     `json:"times,omitempty"`       // how often it applies in all
	Probability float64 `json:"probability,omitempty"` // of applying to a call, up to 1
	Seed        uint64  `json:"seed,omitempty"`        // of Probability's draws
	Code        string  `json:"code,omitempty"`        // of an "exception": the AWS error
	Message     string  `json:"message,omitempty"`     // the AWS error's
	Delay       string  `json:"delay,omitempty"`       // of "slow" and "delay", such as "3s"
	Records     int     `json:"records,omitempty"`     // of "unprocessed": how many of a request's records; 0: all
	Used        int     `json:"used,omitempty"`        // how often it has applied; told by [Market.Faults]
}

// AddFault switches a fault on, for [Fault.Times] calls or until [Market.ClearFaults].
func (m *Market) AddFault(f Fault) Fault {
	m.t.Helper()
	f.ID, f.Used = "", 0
	var made Fault
	m.must(m.Call(http.MethodPost, "faults", f, &made))
	return made
}

// Faults are those that were switched on, in the order in which they were, used-up ones included.
func (m *Market) Faults() []Fault {
	m.t.Helper()
	all, err := list[Fault](m, "faults", nil)
	m.must(err)
	return all
}

// ClearFaults switches faults off: those with the ids given, or all of them.
func (m *Market) ClearFaults(ids ...string) {
	m.t.Helper()
	if len(ids) == 0 {
		m.must(m.Call(http.MethodDelete, "faults", nil, nil))
	}
	for _, id := range ids {
		m.must(m.Call(http.MethodDelete, "faults/"+url.PathEscape(id), nil, nil))
	}
}
