package agreement_test

import (
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

func TestAWSIsAskedWhereNoNoticeCame(t *testing.T) {
	s := newShop(t)
	id := s.arrives("")
	s.aws.has = []agreement.Agreement{running(-time.Minute)}
	s.until(10*time.Minute - time.Second)
	if got := s.standing(id); got.State != license.Pending || got.Access() || !got.By.Equal(noon.Add(10*time.Minute)) || got.Next == "" {
		t.Errorf("before AWS is asked: %+v", got)
	}
	s.until(10 * time.Minute)
	if got := s.standing(id); got.State != license.Active || !got.ActivatedAt.Equal(noon.Add(-time.Minute)) || got.Next != "" {
		t.Errorf("%+v", got)
	}
	if r := s.runs[0]; r.Trigger != agreement.Doubt || r.Repairs != 1 || r.License != id {
		t.Errorf("%+v", r)
	}
	s.until(8 * 24 * time.Hour)
	if !slices.Equal(s.aws.asked, []time.Duration{10 * time.Minute}) {
		t.Errorf("asked after %v", s.aws.asked)
	}
	if f := s.book.Facts(id); len(f) != 2 || f[0].Source() != license.ByResync || f[1].Source() != license.ByLanding {
		t.Errorf("%+v", f)
	}
	// The answer named the agreement: a notice that names nothing else is understood.
	if got := s.ended(8 * 24 * time.Hour); got != license.Applied || s.standing(id).State != license.WindingDown {
		t.Errorf("the end is %s: %+v", got, s.standing(id))
	}
}

// The end may come before AWS is asked, by a notice that could not be understood until then.
func TestAnEndThatWaitedIsFound(t *testing.T) {
	s := newShop(t)
	id := s.arrives("")
	s.until(4 * time.Minute)
	if got := s.ended(4 * time.Minute); got != license.Held {
		t.Errorf("the end is %s", got)
	}
	s.aws.has = []agreement.Agreement{one("agmt-1", agreement.Cancelled, 0, 4*time.Minute)}
	s.until(10 * time.Minute)
	if got := s.standing(id); got.State != license.WindingDown || got.Access() || !got.ClosesAt.Equal(noon.Add(64*time.Minute)) {
		t.Errorf("%+v", got)
	}
	s.until(2 * time.Hour)
	if got := s.standing(id); got.State != license.Ended {
		t.Errorf("%+v", got)
	}
}

func TestAskingGoesOnUntilItIsKnownOrAWeekIsOver(t *testing.T) {
	m := time.Minute
	always := []time.Duration{10 * m, 20 * m, 40 * m, 80 * m, 160 * m, 320 * m, 640 * m, 1280 * m, 2560 * m, 5120 * m}
	for name, c := range map[string]struct {
		prepare func(s *shop)
		asked   []time.Duration
		state   license.State
	}{
		"nobody knows it":    {func(*shop) {}, always, license.Pending},
		"it starts later":    {func(s *shop) { s.aws.has = []agreement.Agreement{running(30 * m)} }, []time.Duration{10 * m, 20 * m, 40 * m}, license.Active},
		"AWS is away":        {func(s *shop) { s.aws.down = fail.New(fail.Later, "away", "away") }, always, license.Pending},
		"its payment failed": {func(s *shop) { s.aws.has = []agreement.Agreement{one("agmt-1", agreement.Terminated, 0, m)} }, []time.Duration{10 * m}, license.Failed},
		"its payment failed, and the end was heard of": {func(s *shop) {
			s.aws.has = []agreement.Agreement{one("agmt-1", agreement.Terminated, 0, m)}
			s.ended(m + 11*time.Second)
		}, []time.Duration{10 * m}, license.Ended},
		"it was bought again, and runs": {func(s *shop) {
			s.aws.has = []agreement.Agreement{one("agmt-0", agreement.Renewed, 0, 0), running(0)}
		}, []time.Duration{10 * m}, license.Active},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			id := s.arrives("")
			c.prepare(s)
			s.until(30 * 24 * time.Hour)
			if !slices.Equal(s.aws.asked, c.asked) || s.standing(id).State != c.state {
				t.Errorf("asked after %v, and it is %+v", s.aws.asked, s.standing(id))
			}
		})
	}
}

func TestNobodyDoubtsInVain(t *testing.T) {
	legacy := true
	for name, c := range map[string]struct {
		product  core.Product
		customer core.CustomerIdentifier
		kind     license.Kind // told before AWS would be asked
	}{
		"a notice came": {core.Product{Code: "p"}, "", license.Activated},
		"legacy":        {core.Product{Code: "p", Legacy: &legacy}, "X01EXAMPLEX", ""},
	} {
		s := newShop(t, c.product)
		s.arrives(c.customer)
		if c.kind != "" {
			s.activated("agmt-1", 0)
		}
		s.until(30 * 24 * time.Hour)
		if len(s.aws.asked) > 0 {
			t.Errorf("%s: asked after %v", name, s.aws.asked)
		}
	}
}

// A process that starts asks at once about what was due while there was none, and then goes on.
func TestAskingOutlivesTheProcess(t *testing.T) {
	s := newShop(t)
	id := s.arrives("")
	s.clk.Set(noon.Add(time.Hour))
	s.start()
	s.until(time.Hour)
	s.aws.has = []agreement.Agreement{running(0)}
	s.until(75 * time.Minute) // the scheduled run is due then
	if want := []time.Duration{time.Hour}; !slices.Equal(s.aws.asked, want) || s.standing(id).State != license.Active {
		t.Errorf("asked after %v, want %v; %+v", s.aws.asked, want, s.standing(id))
	}
}

// A cancellation whose notices were lost shows when AWS refuses usage after the last hour: AWS is asked at once, the last hour
// is in the past, and no other opens.
func TestARefusalOfUsageIsADoubt(t *testing.T) {
	s := newShop(t)
	id := s.arrives("")
	s.activated("agmt-1", 0)
	s.aws.has = []agreement.Agreement{running(0)}
	s.until(3 * time.Hour)
	s.aws.has = []agreement.Agreement{one("agmt-1", agreement.Cancelled, 0, 3*time.Hour)}
	s.until(5 * time.Hour)
	if got := s.standing(id); got.State != license.Active || len(s.aws.asked) > 0 {
		t.Fatalf("nobody has told of the end: %+v, asked %v", got, s.aws.asked)
	}
	if err := s.book.Refused(t.Context(), id, s.clk.Now()); err != nil {
		t.Fatal(err)
	}
	s.until(5*time.Hour + time.Second)
	got := s.standing(id)
	if got.State != license.Ended || got.Access() || !got.OpensAt.Equal(noon.Add(3*time.Hour)) || !got.Since.Equal(noon.Add(4*time.Hour)) {
		t.Errorf("%+v", got)
	}
	if !slices.Equal(s.aws.asked, []time.Duration{5 * time.Hour}) {
		t.Errorf("asked after %v", s.aws.asked)
	}
}
