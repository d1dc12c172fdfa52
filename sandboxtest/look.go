package sandboxtest

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Filter tells which records are wanted: those that agree with every field that is not empty.
type Filter struct {
	LicenseARN   string
	ProductCode  string
	BuyerAccount string
	Dimension    string
	From, To     time.Time // of the hour that a record counts for; To is exclusive
}

// Record is one usage record that AWS honoured: what it will bill.
type Record struct {
	ID                 string       `json:"meteringRecordId"`
	Timestamp          time.Time    `json:"timestamp"` // as sent
	Hour               time.Time    `json:"hour"`      // the UTC hour it counts for
	BuyerAccount       string       `json:"customerAWSAccountId"`
	CustomerIdentifier string       `json:"customerIdentifier"`
	LicenseARN         string       `json:"licenseArn"`
	ProductCode        string       `json:"productCode"`
	Dimension          string       `json:"dimension"`
	Quantity           int64        `json:"quantity"`
	Allocations        []Allocation `json:"allocations"`
	ReceivedAt         time.Time    `json:"receivedAt"`
}

// Allocation is a part of a record's quantity.
type Allocation struct {
	Quantity int64 `json:"quantity"`
	Tags     []Tag `json:"tags"`
}

// Tag is a key and a value that a part of usage is allocated to.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Records are the usage records that AWS honoured, in the order in which it took them.
func (m *Market) Records(f Filter) []Record {
	m.t.Helper()
	q := map[string]string{"licenseArn": f.LicenseARN, "productCode": f.ProductCode, "accountId": f.BuyerAccount, "dimension": f.Dimension}
	for name, t := range map[string]time.Time{"from": f.From, "to": f.To} {
		if !t.IsZero() {
			q[name] = t.Format(time.RFC3339Nano)
		}
	}
	all, err := list[Record](m, "records", q)
	m.must(err)
	return all
}

// Billed is what AWS charges a buyer for the month in which t lies: the total in USD, decimal.
func (m *Market) Billed(buyer string, t time.Time) string {
	m.t.Helper()
	var b struct {
		Total string `json:"total"`
	}
	q := url.Values{"accountId": {buyer}, "month": {t.UTC().Format("2006-01")}}
	m.must(m.Call(http.MethodGet, "bill?"+q.Encode(), nil, &b))
	return b.Total
}

// Event is a notice of the marketplace's on its way to the seller's queue.
type Event struct {
	ID          string    `json:"id"`
	Channel     string    `json:"channel"` // eventbridge or sns
	Kind        string    `json:"kind"`    // the detail-type of an event, the action of an SNS message
	AgreementID string    `json:"agreementId"`
	LicenseARN  string    `json:"licenseArn"`
	ProductCode string    `json:"productCode"`
	HappenedAt  time.Time `json:"happenedAt"`
	Outcome     string    `json:"outcome"` // waiting, delivered, lost or failed
	Body        string    `json:"body"`    // what the queue's message holds
}

// Events are the notices of an agreement, oldest first; of all agreements, where its id is empty.
func (m *Market) Events(agreement string) []Event {
	m.t.Helper()
	all, err := list[Event](m, "deliveries", map[string]string{"agreementId": agreement})
	m.must(err)
	return all
}

// Redeliver delivers a notice once more, as AWS may do at any time.
func (m *Market) Redeliver(event string) {
	m.t.Helper()
	m.must(m.Call(http.MethodPost, "deliveries/"+url.PathEscape(event)+"/redeliver", nil, nil))
}

// APICall is a call of an AWS API, as it came and as it was answered.
type APICall struct {
	At        time.Time `json:"time"`
	Operation string    `json:"operation"`
	Account   string    `json:"account"`
	Request   string    `json:"request"` // the bytes that travelled
	Response  string    `json:"response"`
	Status    int       `json:"status"` // of HTTP; 0: a fault broke the connection
	Error     string    `json:"error"`  // the AWS error, such as ThrottlingException
	Fault     string    `json:"fault"`  // that disturbed it
}

// Calls are the calls of an operation, such as "BatchMeterUsage", oldest first; of all operations, where it is empty. The
// newest few thousand are kept.
func (m *Market) Calls(operation string) []APICall {
	m.t.Helper()
	all, err := list[APICall](m, "calls", map[string]string{"operation": operation})
	m.must(err)
	return all
}

// Snapshot is everything that it takes to make this market again, with [From]. The market must have been opened with
// [Keep].
func (m *Market) Snapshot() []byte {
	m.t.Helper()
	res, err := m.hc.Get(m.URL + "/_sandbox/snapshot")
	m.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	m.must(err)
	m.must(refused(res, text, "GET /_sandbox/snapshot"))
	return text
}

// Restore makes the market what it was when the snapshot was taken, its clock included: a test that goes back to one
// state again and again needs no market for each time. A process that follows the clock cannot be sent back in time.
func (m *Market) Restore(snapshot []byte) {
	m.t.Helper()
	res, err := m.hc.Post(m.URL+"/_sandbox/snapshot", "application/x-ndjson", bytes.NewReader(snapshot))
	m.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	m.must(err)
	m.must(refused(res, text, "POST /_sandbox/snapshot"))
}
