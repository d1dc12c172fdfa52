package cli

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"souk.dev/souk/client"
)

// shuffles is how many seeds TestBooksAgreeHoweverAWSBehaves plays; the variable SOUK_SHUFFLES asks for more, and
// SOUK_SHUFFLE for one.
const shuffles = 4

// Whatever AWS Marketplace does where its documents leave it open, and in whatever order its notices come, once, twice or
// late: the gateway's books and AWS's agree, and the laws hold.
func TestBooksAgreeHoweverAWSBehaves(t *testing.T) {
	main := openTestMarket(t)
	first, last := uint64(1), uint64(shuffles)
	if n, err := strconv.ParseUint(os.Getenv("SOUK_SHUFFLES"), 10, 32); err == nil {
		last = n
	}
	if n, err := strconv.ParseUint(os.Getenv("SOUK_SHUFFLE"), 10, 53); err == nil {
		first, last = n, n
	}
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprintf("shuffle=%d", seed), func(t *testing.T) {
			s := openShuffled(t, main, seed)
			defer func() {
				if t.Failed() {
					t.Logf("play it again with SOUK_SHUFFLE=%d", seed)
				}
			}()
			s.play()
			s.agree()
		})
	}
}

// shuffled is one world and the gateway that sells there.
type shuffled struct {
	t        *testing.T
	market   marketplace
	gateway  *client.Client
	landing  string
	database string
	dice     *rand.Rand
	sold     []*sold
}

// sold is one subscription.
type sold struct {
	agreement
	product, dimension string
	license            string // the gateway's id
}

func openShuffled(t *testing.T, main string, seed uint64) *shuffled {
	t.Helper()
	name := fmt.Sprintf("shuffle-%d", seed)
	s := &shuffled{t: t, dice: rand.New(rand.NewPCG(seed, 1)), market: marketplaceAt(main)}
	var made namedWorld
	s.call(http.MethodPost, "worlds", map[string]any{"name": name, "shuffle": seed, "seed": seed, "frozen": true, "now": "2026-11-02T09:00:00Z"}, &made)
	s.market = marketplaceAt(made.URL)
	s.gateway, s.landing, s.database = openGateway(t, made.URL)
	return s
}

func (s *shuffled) call(method, path string, in, out any) {
	s.t.Helper()
	if err := s.market.call(s.t.Context(), method, path, in, out); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
}

func (s *shuffled) advance(d string) {
	s.t.Helper()
	var c clockState
	s.call(http.MethodPost, "clock", map[string]string{"advance": d}, &c)
	if len(c.Silent) > 0 {
		s.t.Fatalf("%v did not follow the clock", c.Silent)
	}
}

func (s *shuffled) chance() bool { return s.dice.IntN(2) == 0 }

// play is a life: purchases, arrivals early and late, usage, a renewal, ends; with calls that are answered and not.
func (s *shuffled) play() {
	s.call(http.MethodPost, "faults", map[string]any{"operation": "BatchMeterUsage", "kind": "error-after-commit", "probability": 0.2, "seed": s.dice.Uint32()}, nil)
	s.call(http.MethodPost, "faults", map[string]any{"operation": "BatchMeterUsage", "kind": "unprocessed", "records": 1, "probability": 0.2, "seed": s.dice.Uint32()}, nil)
	s.buy("1nkwe11payasyoug0abcdefgh", "pages", nil)
	s.buy("1nkwe11c1ass1c0abcdefghij", "pages", nil)
	s.buy("1nkwe11press00t1eredabcde", "extra_pages", map[string]any{"quantities": map[string]int{"platen": 1}, "duration": "P12M"})
	s.advance("20m")
	for _, one := range s.sold {
		s.land(one)
	}
	s.advance("11m") // in which AWS is asked about a license of which nothing was told
	for _, one := range s.sold {
		s.find(one)
	}
	renewed := s.sold[2]
	for hour := range 6 {
		for _, one := range s.sold {
			s.use(one)
		}
		if hour == 3 {
			s.call(http.MethodPost, "agreements/"+renewed.AgreementID+"/renew", nil, &renewed.agreement)
		}
		s.advance("1h")
		s.find(renewed)
	}
	for _, one := range s.sold[:2] {
		s.call(http.MethodPost, "agreements/"+one.AgreementID+"/cancel", nil, nil)
		s.use(one)
		s.advance(strconv.Itoa(1+s.dice.IntN(600)) + "s")
		s.use(one)
	}
	s.advance("30h")
}

// buy signs an agreement; its buyer arrives at once, or later.
func (s *shuffled) buy(product, dimension string, terms map[string]any) {
	in := map[string]any{"productCode": product, "buyerAccountId": "111122223333"}
	for name, v := range terms {
		in[name] = v
	}
	one := &sold{product: product, dimension: dimension}
	s.call(http.MethodPost, "agreements", in, &one.agreement)
	s.sold = append(s.sold, one)
	if s.chance() {
		s.land(one)
	}
}

// land brings the buyer's browser to the gateway with a fresh token; a buyer who is told that AWS is busy comes again.
func (s *shuffled) land(one *sold) {
	s.t.Helper()
	status := s.arrive(one)
	if status == http.StatusServiceUnavailable {
		s.advance("1s")
		status = s.arrive(one)
	}
	if status != http.StatusSeeOther {
		s.t.Errorf("the landing page of %s answered %d", one.product, status)
	}
}

func (s *shuffled) arrive(one *sold) (status int) {
	s.t.Helper()
	var token struct{ RegistrationToken string }
	s.call(http.MethodPost, "agreements/"+one.AgreementID+"/token", nil, &token)
	hc := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := hc.PostForm(s.landing+"/register", url.Values{"x-amzn-marketplace-token": {token.RegistrationToken}})
	if err != nil {
		s.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// find learns which of the gateway's licenses is the one that was sold, which must be active.
func (s *shuffled) find(one *sold) {
	s.t.Helper()
	one.license = ""
	for l, err := range s.gateway.Licenses(s.t.Context(), client.LicenseFilter{ProductCode: one.product}) {
		if err != nil {
			s.t.Fatal(err)
		}
		if l.State == client.Active {
			one.license = l.ID
		}
	}
	if one.license == "" {
		s.t.Fatalf("the gateway has no active license of %s", one.product)
	}
}

func (s *shuffled) use(one *sold) {
	s.t.Helper()
	receipt, err := s.gateway.Report(s.t.Context(), client.Event{License: one.license, Dimension: one.dimension, Quantity: client.Whole(1 + s.dice.Int64N(9))})
	if err != nil || len(receipt.Rejected) > 0 {
		s.t.Fatalf("%+v, %v", receipt, err)
	}
}

// agree lays both ledgers side by side, and audits the gateway's.
func (s *shuffled) agree() {
	s.t.Helper()
	type line struct {
		hour, dimension string
		quantity        int64
	}
	var ours, theirs []string
	for r, err := range s.gateway.Records(s.t.Context(), "") {
		if err != nil {
			s.t.Fatal(err)
		}
		if r.State == "honoured" {
			ours = append(ours, fmt.Sprint(line{r.Hour.UTC().Format("02 15:04"), r.Dimension, r.Quantity}))
		} else {
			s.t.Logf("a record is %s: %s", r.State, r.Why)
		}
	}
	records, err := list[honoured](s.t.Context(), s.market, "records", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range records {
		theirs = append(theirs, fmt.Sprint(line{r.Hour.UTC().Format("02 15:04"), r.Dimension, r.Quantity}))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	if len(theirs) < 15 || !slices.Equal(ours, theirs) {
		s.t.Errorf("AWS honoured %d records\n%s\nand the gateway has %d\n%s", len(theirs), strings.Join(theirs, "\n"), len(ours), strings.Join(ours, "\n"))
	}
	report, err := auditDatabase(s.t.Context(), s.database)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, b := range report.Breaches {
		s.t.Errorf("breach: %s", b)
	}
	for _, l := range report.Lines {
		if !l.Waiting.IsZero() || !l.Open.IsZero() {
			s.t.Errorf("a day later something still waits: %s", conservation(l))
		}
	}
	if s.t.Failed() {
		var played struct {
			Items []struct{ Name, Value, Default string }
		}
		s.call(http.MethodGet, "profiles", nil, &played)
		for _, p := range played.Items {
			if p.Value != p.Default {
				s.t.Logf("played was %s: %s", p.Name, p.Value)
			}
		}
	}
}
