package api

import "github.com/prometheus/client_golang/prometheus"

// NodeMetrics counts what passes between this process and the other nodes, whichever of them keeps the books.
type NodeMetrics struct {
	brought, refused *prometheus.CounterVec
}

// NewNodeMetrics makes the metrics of one process.
func NewNodeMetrics() *NodeMetrics {
	return &NodeMetrics{
		brought: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "souk_node_requests_total",
			Help: "Requests that came to this node while another one kept the books, by outcome: brought, gathered (its events went with others'), remembered (answered from what this node remembers), lost (its answer), refused."}, []string{"outcome"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "souk_node_refusals_total",
			Help: "What this node did not believe to be another node's, by what it was (request, answer) and reason; not_owner is usual when the owner changes."}, []string{"what", "reason"}),
	}
}

// Brought counts one request that was brought to another node.
func (m *NodeMetrics) Brought(outcome string) { m.brought.WithLabelValues(outcome).Inc() }

// Refused counts one request or answer that was not believed.
func (m *NodeMetrics) Refused(what, reason string) { m.refused.WithLabelValues(what, reason).Inc() }
