package cli

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/client"
	"souk.dev/souk/internal/gateway/usage"
)

// shuffles is how many seeds TestBooksAgreeHoweverAWSBehaves plays; the variable SOUK_SHUFFLES asks for more, and
// SOUK_SHUFFLE for one.
const shuffles = 4

// Whatever AWS Marketplace does where its documents leave it open, and in whatever order its notices come, once, twice or
// late: the gateway's books and AWS's agree, and the laws hold.
func TestBooksAgreeHoweverAWSBehaves(t *testing.T) {
	main := openTestMarket(t)
	first, last := uint64(1), uint64(shuffles)
	if testing.Short() { // such as with the race detector
		last = shuffles / 2
	}
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
	key      string // of the gateway's API
	dice     *rand.Rand
	sold     []*sold
	played   []choice
}

// sold is one subscription, and the story that it plays.
type sold struct {
	agreement
	story
	license string // the gateway's id
}

func openShuffled(t *testing.T, main string, seed uint64) *shuffled {
	t.Helper()
	name := fmt.Sprintf("shuffle-%d", seed)
	s := &shuffled{t: t, dice: rand.New(rand.NewPCG(seed, 1)), market: marketplaceAt(main)}
	var made namedWorld
	s.call(http.MethodPost, "worlds", map[string]any{"name": name, "shuffle": seed, "seed": seed, "frozen": true, "now": "2026-11-02T09:00:00Z"}, &made)
	s.market = marketplaceAt(made.URL)
	s.gateway, s.landing, s.database = openGateway(t, made.URL)
	var err error
	if s.played, err = list[choice](t.Context(), s.market, "profiles", nil); err != nil {
		t.Fatal(err)
	}
	if s.key, err = standingKey(t.Context(), s.database, filepath.Join(t.TempDir(), "key")); err != nil {
		t.Fatal(err)
	}
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

// play is a life: purchases, arrivals early and late, usage, what the stories tell, and ends; with calls that are answered
// and not.
func (s *shuffled) play() {
	s.call(http.MethodPost, "faults", map[string]any{"operation": "BatchMeterUsage", "kind": "error-after-commit", "probability": 0.2, "seed": s.dice.Uint32()}, nil)
	s.call(http.MethodPost, "faults", map[string]any{"operation": "BatchMeterUsage", "kind": "unprocessed", "records": 1, "probability": 0.2, "seed": s.dice.Uint32()}, nil)
	whole := s.dice.IntN(3) == 0 && !testing.Short() // else the month is left out, which is half of the work
	for i, told := range stories {
		if i < always || s.chance() {
			s.buy(told)
		}
	}
	s.advance("20m")
	for _, one := range s.sold {
		s.land(one)
	}
	s.advance("11m") // in which AWS is asked about a license of which nothing was told
	for now := firstHour; now < lastDay; now++ {
		for _, one := range s.running(now) {
			s.find(one)
		}
		for _, one := range s.running(now) {
			s.use(one)
			if turn := one.turns[now]; turn != nil {
				turn(s, one)
			}
		}
		if now == secondNight && !whole {
			now = afterTerms
		}
		s.call(http.MethodPost, "clock", passes[now], nil)
	}
	for _, one := range s.running(lastDay) {
		s.find(one)
	}
	for _, one := range s.running(lastDay) {
		if one.end == "" {
			continue
		}
		s.use(one)
		s.call(http.MethodPost, "agreements/"+one.AgreementID+"/"+one.end, nil, nil)
		s.use(one)
		s.advance(strconv.Itoa(1+s.dice.IntN(600)) + "s")
		s.use(one)
	}
	s.advance("30h")
}

// running are the subscriptions that are active from the beginning of a scene to its end.
func (s *shuffled) running(now scene) (all []*sold) {
	for _, one := range s.sold {
		if now >= one.begins && (one.expires == 0 || now < one.expires) {
			all = append(all, one)
		}
	}
	return all
}

// buy signs an agreement; its buyer arrives at once, or later.
func (s *shuffled) buy(told story) {
	in := map[string]any{"productCode": told.product, "buyerAccountId": told.buyer}
	for name, v := range told.terms {
		in[name] = v
	}
	if told.goesOnBy != "" && s.profile(told.goesOnBy) == "goes-on" {
		told.expires = 0
	}
	if told.offer != nil {
		in["offerId"] = s.offer(told, told.offer, "")
	}
	one := &sold{story: told}
	s.call(http.MethodPost, "agreements", in, &one.agreement)
	s.sold = append(s.sold, one)
	if s.chance() {
		s.land(one)
	}
}

// offer makes a private offer for a story's buyer, in place of an agreement or of none.
func (s *shuffled) offer(told story, terms map[string]any, replaces string) (id string) {
	s.t.Helper()
	var o struct{ OfferID string }
	s.call(http.MethodPost, "offers", map[string]any{"productId": productIDs[told.product], "buyerAccountIds": []string{told.buyer}, "replacementAgreementId": replaces, "terms": terms}, &o)
	return o.OfferID
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

// find learns which of the gateway's licenses is the one that was sold, which must be active, and grant what was bought.
func (s *shuffled) find(one *sold) {
	s.t.Helper()
	bought := s.follow(one)
	l, ok := s.license(one)
	if !ok || l.State != client.Active {
		s.t.Fatalf("%s: the gateway has %q of %s (%s)", one.name, l.State, one.LicenseARN, l.Why)
	}
	one.license = l.ID
	if one.CustomerIdentifier == "" && !slices.Contains(l.AgreementIDs, one.AgreementID) { // topics name no agreements
		s.t.Errorf("%s: the gateway has the agreements %q of %s, and not %s", one.name, l.AgreementIDs, l.ID, one.AgreementID)
	}
	for dimension, n := range bought.Entitlements {
		for quantity, want := range map[int64]string{n: "entitled", n + 1: "exceeded"} {
			if got := s.check(one, dimension, quantity); got != want {
				s.t.Errorf("%s: %d of %s are %s; want %s", one.name, quantity, dimension, got, want)
			}
		}
	}
}

// granting is an agreement with what it entitles to.
type granting struct {
	agreement
	PreviousAgreementID string
	Entitlements        map[string]int64
	EndedAt             time.Time
}

// follow goes on to the agreement that has gone on in place of the one that was sold, if one has.
func (s *shuffled) follow(one *sold) (last granting) {
	s.t.Helper()
	all, err := list[granting](s.t.Context(), s.market, "agreements", url.Values{"buyerAccountId": {one.buyer}, "productCode": {one.product}})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, a := range all { // as they were made
		if a.AgreementID == one.AgreementID || a.PreviousAgreementID == one.AgreementID {
			one.agreement, last = a.agreement, a
		}
	}
	return last
}

// check asks the gateway whether so many of a dimension may be used.
func (s *shuffled) check(one *sold, dimension string, quantity int64) (reason string) {
	s.t.Helper()
	var v verdict
	if err := askGateway(s.t.Context(), s.landing, s.key, "/v1/licenses/"+one.license+"/check?dimension="+dimension+"&quantity="+strconv.FormatInt(quantity, 10), &v); err != nil {
		s.t.Fatal(err)
	}
	return v.Reason
}

// license is what the gateway knows of a subscription.
func (s *shuffled) license(one *sold) (client.License, bool) {
	s.t.Helper()
	for l, err := range s.gateway.Licenses(s.t.Context(), client.LicenseFilter{ProductCode: one.product}) {
		if err != nil {
			s.t.Fatal(err)
		}
		legacy := one.CustomerIdentifier != "" && one.CustomerIdentifier == l.CustomerIdentifier
		if legacy || l.LicenseARN != "" && l.LicenseARN == one.LicenseARN {
			return l, true
		}
	}
	return client.License{}, false
}

func (s *shuffled) use(one *sold) {
	s.t.Helper()
	if one.dimension == "" {
		return
	}
	receipt, err := s.gateway.Report(s.t.Context(), client.Event{License: one.license, Dimension: one.dimension, Quantity: client.Whole(1 + s.dice.Int64N(9))})
	if err != nil || len(receipt.Rejected) > 0 {
		s.t.Fatalf("%s: %+v, %v", one.name, receipt, err)
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
	refused := map[string]int64{} // by license: what was used after the end, and may be nobody's to bill
	for r, err := range s.gateway.Records(s.t.Context(), "") {
		if err != nil {
			s.t.Fatal(err)
		}
		switch {
		case r.State == "honoured":
			ours = append(ours, fmt.Sprint(line{r.Hour.UTC().Format("02 15:04"), r.Dimension, r.Quantity}))
		case r.Hour.After(s.ended(r.License)):
			refused[r.License] += r.Quantity
		case r.Quantity > 0:
			s.t.Errorf("the record of %s, of the hour %s, is %s: %s", r.License, r.Hour, r.State, r.Why)
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
	s.agreeOnStates()
	report, err := auditDatabase(s.t.Context(), s.database)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, b := range report.Breaches {
		s.t.Errorf("breach: %s", b)
	}
	for _, l := range report.Lines {
		if !l.Waiting.IsZero() || !l.Open.IsZero() || !l.Carried.IsZero() || sumOf(l.Unbillable) != usage.Whole(refused[string(l.License)]) {
			s.t.Errorf("a day later not all is billed: %s", conservation(l))
		}
	}
	if s.t.Failed() {
		for _, p := range s.played {
			if p.Value != p.Default {
				s.t.Logf("played was %s: %s", p.Name, p.Value)
			}
		}
	}
}

// choice is how a world plays one disputed behaviour.
type choice struct{ Name, Value, Default string }

func (s *shuffled) profile(name string) string {
	i := slices.IndexFunc(s.played, func(c choice) bool { return c.Name == name })
	return s.played[i].Value
}

// ended is when the agreement of a license came to its end, where this world takes no records of a later hour; otherwise
// it is far away.
func (s *shuffled) ended(license string) time.Time {
	s.t.Helper()
	if s.profile("final-timestamps") == "until-end" {
		for _, one := range s.sold {
			if a := s.follow(one); one.license == license && !a.EndedAt.IsZero() {
				return a.EndedAt
			}
		}
	}
	return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
}

// agreeOnStates wants that a license is active with the gateway as long as AWS's agreement is, and that it has ended since.
func (s *shuffled) agreeOnStates() {
	s.t.Helper()
	for _, one := range s.sold {
		want := client.Active
		if a := s.follow(one); a.Status != "ACTIVE" {
			want = client.Ended
		}
		if l, ok := s.license(one); !ok || l.State != want {
			s.t.Errorf("%s: the gateway has it as %q (%s); want %q", one.name, l.State, l.Why, want)
		}
	}
}
