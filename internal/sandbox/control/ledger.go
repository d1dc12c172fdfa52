package control

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/world"
)

func (c *Control) getRecords(w http.ResponseWriter, r *http.Request) error {
	v := r.URL.Query()
	p, err := pageOf(v)
	if err != nil {
		return err
	}
	q := world.RecordQuery{LicenseARN: v.Get("licenseArn"), ProductCode: v.Get("productCode"), BuyerAccount: v.Get("accountId"),
		Dimension: v.Get("dimension"), After: int(p.after), Limit: p.limit}
	if q.LicenseARN == noLicense {
		q.LicenseARN, q.Unlicensed = "", true
	}
	if q.From, err = timeOf(v, "from"); err != nil {
		return err
	}
	if q.To, err = timeOf(v, "to"); err != nil {
		return err
	}
	items, next := c.opt.World.Records(q)
	out := httpx.List[world.Record]{Items: items}
	if next > 0 {
		out.Next = strconv.Itoa(next)
	}
	return httpx.JSON(w, http.StatusOK, out)
}

func (c *Control) getBill(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	month := c.opt.Clock.Now()
	if s := q.Get("month"); s != "" {
		var err error
		if month, err = time.Parse("2006-01", s); err != nil {
			return fail.New(fail.Invalid, "month", "month must be such as 2026-11; got %q.", s)
		}
	}
	if q.Get("accountId") == "" {
		return fail.New(fail.Invalid, "account_id", "Say whose bill it is, with ?accountId=.")
	}
	b, err := c.opt.World.Bill(q.Get("accountId"), month)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, shownBill(b))
}

// billView is a bill whose lines of usage lead to their records.
type billView struct {
	world.Bill
	Charges []chargeView `json:"charges"`
}

type chargeView struct {
	world.Charge
	Records string `json:"records,omitempty"` // the call that lists them
}

func shownBill(b world.Bill) billView {
	v := billView{Bill: b, Charges: make([]chargeView, len(b.Charges))}
	for i, c := range b.Charges {
		v.Charges[i].Charge = c
		if c.Kind == world.ChargeUsage {
			v.Charges[i].Records = "/_sandbox/records?" + url.Values{"accountId": {b.BuyerAccount}, "productCode": {c.ProductCode}, "dimension": {c.Dimension},
				"licenseArn": {cmp.Or(c.LicenseARN, noLicense)}, "from": {c.From.Format(time.RFC3339Nano)}, "to": {c.To.Format(time.RFC3339Nano)}}.Encode()
		}
	}
	return v
}

// noLicense asks for the records that named no licence: those of the legacy generation.
const noLicense = "none"
