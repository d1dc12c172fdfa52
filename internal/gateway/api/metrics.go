package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
)

// Metrics is what /metrics tells. No label holds an identifier of a customer.
type Metrics struct {
	registry *prometheus.Registry
	log      *slog.Logger

	events     *prometheus.CounterVec
	awsCalls   *prometheus.CounterVec
	awsSeconds *prometheus.HistogramVec
	notices    *prometheus.CounterVec
	noticeWait prometheus.Histogram
	entitled   *prometheus.CounterVec
	posts      *prometheus.CounterVec
	resyncs    *prometheus.CounterVec
	resynced   *prometheus.CounterVec
	deliveries *prometheus.CounterVec
}

// NewMetrics makes the metrics that count what they are told, and tells what talk counts.
func NewMetrics(log *slog.Logger, talk *NodeMetrics) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), log: log,
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "souk_usage_events_total",
			Help: "Usage events by outcome: accepted, duplicate, or the code of the refusal."}, []string{"outcome"}),
		awsCalls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "souk_aws_calls_total",
			Help: "Calls of AWS, retries included in one, by outcome: ok, AWS's error code, or network."}, []string{"service", "operation", "outcome"}),
		awsSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "souk_aws_call_seconds",
			Help: "Real time of calls of AWS, retries included. ReceiveMessage waits up to 20 s for a message.", Buckets: prometheus.ExponentialBuckets(0.005, 2.5, 10)}, []string{"service", "operation"}),
		notices: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "souk_notices_total",
			Help: "Deliveries of notices from AWS by kind and outcome; outcome repeated: known already."}, []string{"kind", "outcome"}),
		noticeWait: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "souk_notice_wait_seconds",
			Help: "How long notices waited in the queue, in business time.", Buckets: prometheus.ExponentialBuckets(0.05, 4, 10)}),
		entitled: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "souk_entitlement_fetches_total",
			Help: "Times AWS was asked for a licence's entitlements, by outcome: changed, same, empty; later, denied or invalid when it gave no answer."}, []string{"outcome"}),
		posts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "souk_aws_posts_total",
			Help: "Posts in AWS's name, by door (sns, events) and outcome: taken, or the code of the refusal."}, []string{"door", "outcome"}),
		resyncs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "souk_resyncs_total",
			Help: "Comparisons of the licences with AWS's agreements, by trigger (scheduled, asked, doubt) and outcome: done; later, denied or invalid when AWS gave no answer."}, []string{"trigger", "outcome"}),
		resynced: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "souk_resync_findings_total",
			Help: "Differences from AWS's agreements, by outcome: repaired (a notice was lost), linked, unsettled (somebody has to look)."}, []string{"outcome"}),
	}
	m.deliveries = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "souk_delivery_attempts_total",
		Help: "Attempts at telling somebody of an event, by channel and outcome: delivered, again, dead, dropped."}, []string{"channel", "outcome"})
	m.registry.MustRegister(talk.brought, talk.refused, m.posts, m.events, m.awsCalls, m.awsSeconds, m.notices, m.noticeWait, m.entitled, m.resyncs, m.resynced, m.deliveries,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Events counts n usage events.
func (m *Metrics) Events(outcome string, n int) {
	m.events.WithLabelValues(outcome).Add(float64(n))
}

// AWSCall counts one call of AWS.
func (m *Metrics) AWSCall(service, operation, outcome string, took time.Duration) {
	m.awsCalls.WithLabelValues(service, operation, outcome).Inc()
	m.awsSeconds.WithLabelValues(service, operation).Observe(took.Seconds())
}

// Notice counts one delivery of a notice.
func (m *Metrics) Notice(n intake.Notice, repeated bool, waited time.Duration) {
	kind, outcome := n.Kind, string(n.Outcome)
	if n.Outcome == intake.Unknown || n.Outcome == intake.Poison || n.Outcome == intake.Foreign {
		kind = "other" // a sender must not be able to make labels without end
	}
	if repeated {
		outcome = "repeated"
	}
	m.notices.WithLabelValues(kind, outcome).Inc()
	m.noticeWait.Observe(max(waited, 0).Seconds())
}

// Post counts one post in AWS's name.
func (m *Metrics) Post(door, outcome string) { m.posts.WithLabelValues(door, outcome).Inc() }

// Entitlements counts one asking for entitlements.
func (m *Metrics) Entitlements(outcome string) { m.entitled.WithLabelValues(outcome).Inc() }

// Resync counts one comparison with AWS. What a dry run found is not counted.
func (m *Metrics) Resync(outcome string, r agreement.Run) {
	m.resyncs.WithLabelValues(string(r.Trigger), outcome).Inc()
	if r.DryRun {
		return
	}
	for o, n := range map[agreement.Outcome]int{agreement.Repaired: r.Repairs, agreement.Linked: r.Links, agreement.Unsettled: r.Unsettled} {
		m.resynced.WithLabelValues(string(o)).Add(float64(n))
	}
}

// Delivery counts one attempt at telling somebody of an event.
func (m *Metrics) Delivery(channel, outcome string) {
	m.deliveries.WithLabelValues(channel, outcome).Inc()
}

// Gauges tells a number per value of label, read when /metrics is.
func (m *Metrics) Gauges(name, help, label string, read func(ctx context.Context) (map[string]int64, error)) {
	m.registry.MustRegister(gauges{prometheus.NewDesc(name, help, []string{label}, nil), name, read, m.log})
}

// Gauge tells one number, read when /metrics is; ok is false while there is none.
func (m *Metrics) Gauge(name, help string, read func() (v float64, ok bool)) {
	m.registry.MustRegister(gauge{prometheus.NewDesc(name, help, nil, nil), read})
}

// Counter tells one number that only grows, read when /metrics is.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// LicensesByState counts the licences of a directory.
func LicensesByState(dir license.Directory) func(context.Context) (map[string]int64, error) {
	return func(context.Context) (map[string]int64, error) {
		n := map[string]int64{string(license.Pending): 0, string(license.Active): 0, string(license.WindingDown): 0, string(license.Ended): 0, string(license.Failed): 0}
		for l := range dir.All {
			n[string(l.Standing.State)]++
		}
		return n, nil
	}
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

type gauges struct {
	desc *prometheus.Desc
	name string
	read func(ctx context.Context) (map[string]int64, error)
	log  *slog.Logger
}

func (g gauges) Describe(c chan<- *prometheus.Desc) { c <- g.desc }

func (g gauges) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), checkLimit)
	defer cancel()
	values, err := g.read(ctx)
	if err != nil {
		g.log.Error("a metric could not be read", "metric", g.name, "err", err)
		return
	}
	for value, n := range values {
		c <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, float64(n), value)
	}
}

type gauge struct {
	desc *prometheus.Desc
	read func() (float64, bool)
}

func (g gauge) Describe(c chan<- *prometheus.Desc) { c <- g.desc }

func (g gauge) Collect(c chan<- prometheus.Metric) {
	if v, ok := g.read(); ok {
		c <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, v)
	}
}
