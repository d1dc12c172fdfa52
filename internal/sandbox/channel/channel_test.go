package channel

import (
	"errors"
	"strings"
	"testing"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
)

// What a caller can do about a refusal does not depend on which service refused.
func TestRefusalsAreSortedByWhatCanBeDone(t *testing.T) {
	for _, c := range []struct {
		err  error
		want fail.Kind
	}{
		{&topic.Error{Code: topic.NotFound}, fail.NotFound},
		{&topic.Error{Code: topic.Unauthorized}, fail.NotFound},
		{&topic.Error{Code: topic.InvalidParameter}, fail.Invalid},
		{&bus.Error{Code: bus.NotFound}, fail.NotFound},
		{&bus.Error{Code: bus.LimitExceeded}, fail.Conflict},
		{&bus.Error{Code: bus.InvalidPattern}, fail.Invalid},
		{&queue.Error{Code: queue.QueueDoesNotExist}, fail.NotFound},
		{&queue.Error{Code: queue.ResourceNotFound}, fail.NotFound},
		{&queue.Error{Code: queue.QueueNameExists}, fail.Conflict},
		{&queue.Error{Code: queue.InvalidAttributeValue}, fail.Invalid},
		{errors.New("the journal is full"), fail.Internal},
	} {
		if got := said(c.err); fail.KindOf(got) != c.want || !errors.Is(got, c.err) {
			t.Errorf("%v became %v (%v); want %v", c.err, got, fail.KindOf(got), c.want)
		}
	}
	if said(nil) != nil {
		t.Error("nothing became an error")
	}
}

// Two endpoints of rules with long names must not share an API destination: one would get the other's events.
func TestLongNamesStayApart(t *testing.T) {
	long := strings.Repeat("r", 64)
	one, other := endpointName(long, "one"), endpointName(long, "other")
	if len(one) != maxName || len(other) != maxName || one == other {
		t.Errorf("%s and %s", one, other)
	}
	if got := endpointName("licenses", "endpoint"); got != "licenses-endpoint" {
		t.Errorf("a short one is %s", got)
	}
}
