package relay

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// NewLatency returns the histogram for hub.Config.Latency. Give it to Registry as well.
func NewLatency() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "fantail_publish_to_write_seconds",
		Help:    "Seconds from the receipt of a message to the end of the pass that wrote it to the clients, observed once a pass.",
		Buckets: prometheus.ExponentialBuckets(50e-6, 2, 18), // 50 µs to 6.5 s
	})
}

// Registry returns a registry of everything that the relay, its hub and its source
// count, with the figures of the Go runtime and of more.
func (r *Relay) Registry(more ...prometheus.Collector) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collector{r})
	reg.MustRegister(more...)
	return reg
}

// collector renders the counters of hub, source and relay when it is asked.
type collector struct{ relay *Relay }

// Describe is empty, because the reasons are known only as they come.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	out := metrics{ch}
	c.collectClients(out)
	c.collectHub(out)
	c.collectCompression(out)
	c.collectUplink(out)
	c.collectSources(out)
}

// metrics takes what is collected.
type metrics struct{ ch chan<- prometheus.Metric }

func (m metrics) count(d *prometheus.Desc, v float64, labels ...string) {
	m.ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func (m metrics) gauge(d *prometheus.Desc, v float64, labels ...string) {
	m.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("fantail_"+name, help, labels, nil)
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
