package sandboxtest

import "net/http"

// Env are the variables that point a program at the market: AWS_ENDPOINT_URL, AWS_REGION, keys of the default seller,
// SOUK_QUEUE_URL (its queue of notices) and SOUK_CLOCK. Give them to a process that the test starts.
func (m *Market) Env() map[string]string {
	m.t.Helper()
	var vars map[string]string
	m.must(m.Call(http.MethodGet, "env", nil, &vars))
	return vars
}

// Setenv sets [Market.Env] for the rest of the test, so that an AWS SDK which loads its default configuration finds the
// market. Like t.Setenv it cannot be used in parallel tests; those give [Market.AWS] to their clients.
func (m *Market) Setenv() {
	m.t.Helper()
	for name, value := range m.Env() {
		m.t.Setenv(name, value)
	}
}

// AWS is what a client of an AWS API needs to know, in any SDK.
type AWS struct {
	Endpoint        string // the base endpoint of every service
	Region          string
	AccessKeyID     string // of the default seller
	SecretAccessKey string
	QueueURL        string // the SQS queue that the default seller's notices come to
}

// AWS points a client at the market:
//
//	c := m.AWS()
//	client := marketplacemetering.New(marketplacemetering.Options{
//		BaseEndpoint: &c.Endpoint, Region: c.Region,
//		Credentials:  credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, ""),
//	})
func (m *Market) AWS() AWS {
	m.t.Helper()
	v := m.Env()
	return AWS{v["AWS_ENDPOINT_URL"], v["AWS_REGION"], v["AWS_ACCESS_KEY_ID"], v["AWS_SECRET_ACCESS_KEY"], v["SOUK_QUEUE_URL"]}
}
