package alert

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// ID names an alert ("alr_…"). The same cause has the same, for ever.
type ID string

// Finding is something wrong, as the feature that finds it says it.
type Finding struct {
	Kind    outbox.Kind // one of [Kinds]
	Cause   string      // tells the causes of one kind apart: findings of one cause are one alert
	License core.LicenseID
	Product core.ProductCode
	About   string // the id of the record, the notice or the delivery in which it shows; may be empty
	Say     string // what happened, in a sentence or two that name no person
	At      time.Time
	Times   int // how often it was found at once; 0 is once
}

// Names is the id of the alert that f is about.
func (f Finding) Names() ID {
	sum := sha256.Sum256([]byte(string(f.Kind) + "\x00" + f.Cause))
	return ID("alr_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15])))
}

// Gather makes the findings of each cause one, with the words of the last of them, in the order of the first.
func Gather(all []Finding) (each []Finding) {
	at := map[ID]int{}
	for _, f := range all {
		f.Times = max(f.Times, 1)
		i, ok := at[f.Names()]
		if !ok {
			at[f.Names()], each = len(each), append(each, f)
			continue
		}
		f.Times += each[i].Times
		each[i] = f
	}
	return each
}

// State is where an alert stands.
type State string

// The states.
const (
	Raised   State = "raised"   // somebody should look
	Resolved State = "resolved" // what was wrong is mended
	Past     State = "past"     // it happened, was told, and has not happened again for a day
)

// States are all there are.
func States() []State { return []State{Raised, Resolved, Past} }

// Known reports whether s is one of [States].
func (s State) Known() bool { return slices.Contains(States(), s) }

// Alert is one cause, and what was told of it.
type Alert struct {
	ID      ID
	Finding // the last one; Times counts since the alert was raised
	State   State
	Since   time.Time // of State
	ToldAt  time.Time // when it was last told that it is there; zero: never
	Told    int       // how many of Times were told by then
	Open    bool      // it was told that it is there, since it was raised last: that it is resolved is told, too
	Telling int       // numbers what was told, so that each is another event
	DueAt   time.Time // when it is looked at; zero: not before it is found again
}

const (
	// day is how long it takes until a cause is told again.
	day = 24 * time.Hour
	// look is how often it is asked whether what lasts still stands.
	look = 15 * time.Minute
)

// Found is a with f, which is of its cause, and what is to be told of that. An a that is not kept yet is the zero Alert.
func (a Alert) Found(f Finding) (Alert, []outbox.Event) {
	now := f.At
	f.Times = max(f.Times, 1)
	again := a.State == Raised
	if again {
		f.Times += a.Times
	}
	a.ID, a.Finding = f.Names(), f
	if !again {
		a.State, a.Since, a.Open, a.Told = Raised, now, false, 0
	}
	if !a.ToldAt.IsZero() && now.Before(a.ToldAt.Add(day)) {
		return a.due(now), nil
	}
	return a.tell(now)
}

// Looked is a after it was looked at, at now, and what is to be told. stands says of an alert that lasts whether what is wrong
// still is.
func (a Alert) Looked(stands bool, now time.Time) (Alert, []outbox.Event) {
	lasts := kinds[a.Kind].lasts
	untold := a.ToldAt.IsZero() || !now.Before(a.ToldAt.Add(day))
	switch {
	case a.State != Raised:
		a.DueAt = time.Time{}
		return a, nil
	case lasts && !stands:
		open := a.Open
		a.State, a.Since, a.Open, a.DueAt = Resolved, now, false, time.Time{}
		if !open {
			return a, nil
		}
		a.Telling++
		return a, []outbox.Event{a.event(Over, now)}
	case untold && (lasts || a.Times > a.Told):
		return a.tell(now)
	case untold:
		a.State, a.Since, a.Open, a.DueAt = Past, now, false, time.Time{}
		return a, nil
	}
	return a.due(now), nil
}

// tell is a told at now.
func (a Alert) tell(now time.Time) (Alert, []outbox.Event) {
	what := Fresh
	if a.Open {
		what = Still
	}
	a.ToldAt, a.Told, a.Open = now, a.Times, true
	a.Telling++
	return a.due(now), []outbox.Event{a.event(what, now)}
}

// due is a with the instant at which it is looked at next.
func (a Alert) due(now time.Time) Alert {
	a.DueAt = a.ToldAt.Add(day)
	if next := now.Add(look); kinds[a.Kind].lasts && next.Before(a.DueAt) {
		a.DueAt = next
	}
	return a
}

// Do says what to do about it.
func (a Alert) Do() string { return kinds[a.Kind].do }

// Lasts reports whether the alert is about something that stands until it is mended, and not about something that happened.
func (a Alert) Lasts() bool { return kinds[a.Kind].lasts }
