package sandboxtest

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox"
	"souk.dev/souk/internal/sandbox/world"
)

// Start is where a market's clock stands at first, unless [At] says otherwise: a Monday morning.
var Start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// What the built-in world has, which is there unless [World] or [WorldFile] gives another.
const (
	Inkwell        = "1nkwe11payasyoug0abcdefgh" // a product code: pay as you go, by license ARN; dimensions pages and gb_stored
	InkwellClassic = "1nkwe11c1ass1c0abcdefghij" // a product code: pay as you go, by customer identifier; dimension pages
	Seller         = "444455556666"              // the account that sells them
	Acme           = "111122223333"              // a buyer's account
	Globex         = "222233334444"              // a buyer's account
	Initech        = "333344445555"              // a buyer's account
)

// Market is a marketplace. It may be used by several goroutines; as with testing.TB, a method that may end the test is
// for the test's own.
type Market struct {
	// URL is where it is reached: the endpoint of its AWS APIs, its pages for people, and its control API.
	URL string

	t       reporter
	hc      *http.Client
	close   func()
	shuffle uint64 // 0: nothing is
}

// Option changes a market from its defaults.
type Option func(*settings) error

type settings struct {
	sandbox.Config
	rate float64 // 0: the clock stands still
}

// World describes the market: the text of a world file (docs/sandbox/world-file.md). What is wrong in it ends the test,
// with line and column.
func World(text string) Option {
	return func(s *settings) (err error) {
		s.World, err = world.ParseFile([]byte(text))
		return err
	}
}

// WorldFile is [World], read from a file.
func WorldFile(path string) Option {
	return func(s *settings) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read the world file: %w", err)
		}
		if err := World(string(text))(s); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	}
}

// Fulfillment is where *Set up your account* posts the registration token, of products whose listing does not say so:
// the landing page under test. Without it, it is http://127.0.0.1:4710/register, where nobody need be listening.
func Fulfillment(url string) Option {
	return func(s *settings) error { s.FulfillmentURL = url; return nil }
}

// At makes the clock start at now instead of [Start].
func At(now time.Time) Option { return func(s *settings) error { s.Now = now; return nil } }

// Running makes the clock run: rate seconds of the market's time in one second. 1 is as time does.
func Running(rate float64) Option {
	return func(s *settings) error {
		if !(rate > 0) {
			return fmt.Errorf("a clock cannot run at the rate %v", rate)
		}
		s.rate = rate
		return nil
	}
}

// Seed is what all identifiers are drawn from. Without it, it is made from the test's name: another for each test, and
// the same in each of its runs.
func Seed(n uint64) Option { return func(s *settings) error { s.Seed = n; return nil } }

// Shuffle makes the market as awkward as AWS may be: every behaviour that its documents leave open is chosen by seed, and
// so is which notices come twice or late. A test that fails says the seed, with which it fails again. A seed of 0 is drawn,
// or taken from the variable SOUK_SHUFFLE. What [World] or [Market.Profile] chooses stays as it is.
func Shuffle(seed uint64) Option {
	return func(s *settings) (err error) {
		if given := os.Getenv(shuffleVariable); seed == 0 && given != "" {
			if seed, err = strconv.ParseUint(given, 10, 53); err != nil {
				return fmt.Errorf("%s: %w", shuffleVariable, err)
			}
		}
		for seed == 0 {
			seed = rand.Uint64() >> 11
		}
		s.Config.Shuffle = seed
		return nil
	}
}

const shuffleVariable = "SOUK_SHUFFLE"

// Keep makes the market keep its state in a folder, such as t.TempDir(), as [Market.Snapshot] needs it to. A folder that
// has a market's state already brings that market back.
func Keep(dir string) Option { return func(s *settings) error { s.Data = dir; return nil } }

// From goes on from a [Market.Snapshot]: a state that took long to make is made once, and each test begins with it.
// The world, the clock, the faults and the seed are the snapshot's.
func From(snapshot []byte) Option {
	return func(s *settings) error { s.Config.Snapshot = snapshot; return nil }
}

// Log is where the market logs, such as slog.New(slog.NewTextHandler(t.Output(), nil)). Without it, it is silent.
func Log(to *slog.Logger) Option { return func(s *settings) error { s.Config.Log = to; return nil } }

// New opens a market for t, which closes it.
func New(t testing.TB, opts ...Option) *Market {
	t.Helper()
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.Name())) // never fails
	m, err := start(append([]Option{Seed(h.Sum64() | 1)}, opts...))
	if err != nil {
		t.Fatalf("sandboxtest: %v", err)
	}
	t.Cleanup(func() {
		if m.shuffle != 0 && t.Failed() {
			t.Logf("sandboxtest: the market was shuffled; it is the same again with sandboxtest.Shuffle(%d), or where the seed is left open with %s=%d", m.shuffle, shuffleVariable, m.shuffle)
		}
		m.close()
	})
	m.t = t
	return m
}

// Open opens a market without a test: for TestMain, for an example, for a program. [Market.Close] must be called.
// Until [Market.With] gives it a test, a helper that cannot do what it is asked for panics.
func Open(opts ...Option) *Market {
	m, err := start(opts)
	if err != nil {
		panic(fmt.Sprintf("sandboxtest: %v", err))
	}
	return m
}

// start begins a market on a free port of the loopback interface.
func start(opts []Option) (*Market, error) {
	s := settings{Config: sandbox.Config{Now: Start, Frozen: true}}
	for _, o := range opts {
		if err := o(&s); err != nil {
			return nil, err
		}
	}
	// The listener comes first: the sandbox must know its own address before it answers anybody.
	srv := httptest.NewUnstartedServer(nil)
	s.BaseURL = "http://" + srv.Listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	sb, err := sandbox.Open(ctx, s.Config)
	if err != nil {
		cancel()
		_ = srv.Listener.Close()
		return nil, err
	}
	srv.Config.Handler = sb.Handler()
	srv.Start()
	var wg sync.WaitGroup
	wg.Go(func() { _ = sb.Run(ctx) }) // its only end is ctx's
	m := &Market{URL: s.BaseURL, t: noTest{}, hc: srv.Client(), shuffle: s.Config.Shuffle}
	m.close = sync.OnceFunc(func() {
		srv.CloseClientConnections() // a long poll, or a fault that hangs, must not hold the test up
		cancel()
		srv.Close()
		wg.Wait()
		_ = sb.Close() // nothing is kept on disk, so nothing can be lost
	})
	if s.rate != 0 {
		err = m.Call(http.MethodPost, "clock", map[string]any{"rate": s.rate, "frozen": false}, nil)
	}
	if err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// Close ends a market of [Open]. One of [New] is closed by its test.
func (m *Market) Close() { m.close() }

// With is the same market for t, such as a subtest: what fails, fails t.
func (m *Market) With(t testing.TB) *Market {
	c := *m
	c.t = t
	return &c
}

// must ends the test where err says that something could not be done.
func (m *Market) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatalf("sandboxtest: %v", err)
	}
}

// reporter is what a market needs of a testing.TB.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Setenv(name, value string)
}

// noTest stands in for the test of a market that has none: nobody would hear that something failed, so it panics.
type noTest struct{}

func (noTest) Helper()                           {}
func (noTest) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (noTest) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (noTest) Setenv(string, string) {
	panic("sandboxtest: nobody would take the variables back: give the market a test, using With")
}
