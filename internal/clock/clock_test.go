package clock

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func rung(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestFrozenClockStandsStillUntilSet(t *testing.T) {
	v := NewVirtual(noon)
	c, stop := v.Alarm(noon.Add(time.Hour))
	defer stop()
	if v.Now() != noon || rung(c) {
		t.Fatal("a frozen clock moved by itself")
	}
	v.Set(noon.Add(59 * time.Minute))
	if rung(c) {
		t.Fatal("alarm rang a minute early")
	}
	v.Set(noon.Add(time.Hour))
	if !rung(c) {
		t.Fatal("alarm did not ring at its instant")
	}
}

func TestAlarmInThePastRingsAtOnce(t *testing.T) {
	r, stop := NewVirtual(noon).Alarm(noon.Add(-time.Second))
	defer stop()
	if !rung(r) {
		t.Error("virtual: not rung")
	}
	r, stop = System{}.Alarm(noon.AddDate(-10, 0, 0))
	defer stop()
	<-r
}

func TestFastClockRingsAlarms(t *testing.T) {
	v := NewVirtual(noon)
	v.Apply(Setting{Now: noon, Rate: 3_600_000})
	if err := Wait(t.Context(), v, noon.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if v.Now().Before(noon.Add(24 * time.Hour)) {
		t.Error("rang before its instant")
	}
}

func TestFreezingKeepsRateAndStopsTime(t *testing.T) {
	v := NewVirtual(noon)
	v.Apply(Setting{Now: noon, Rate: 60})
	v.Apply(Setting{Now: noon, Frozen: true})
	if s := v.Setting(); s.Rate != 60 || !s.Frozen || s.Now != noon {
		t.Errorf("got %+v", s)
	}
}

func TestReleasedAlarmIsForgotten(t *testing.T) {
	v := NewVirtual(noon)
	_, stop := v.Alarm(noon.Add(time.Hour))
	stop()
	if len(v.alarms) != 0 {
		t.Error("alarm kept after release")
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Wait(ctx, NewVirtual(noon), noon.Add(time.Hour)); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestAfterCallsOnceUnlessStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		stop := After(time.Minute, func() { calls.Add(1) })
		time.Sleep(time.Minute - 1)
		synctest.Wait()
		if calls.Load() != 0 {
			t.Fatal("called early")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		stop()
		After(time.Minute, func() { calls.Add(1) })()
		time.Sleep(time.Hour)
		synctest.Wait()
		if calls.Load() != 1 {
			t.Fatalf("called %d times, want once", calls.Load())
		}
	})
}
