package relay

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"fantail/hub"
)

// NewLatency returns the histogram for hub.Config's Latency; give it to Registry
// as well.
func NewLatency() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "fantail_publish_to_write_seconds",
		Help:    "From a message's receipt to the end of the pass that wrote it to the clients, once a pass.",
		Buckets: prometheus.ExponentialBuckets(50e-6, 2, 18), // 50 µs to 6.5 s
	})
}

// Registry returns a registry of all that the relay, its hub and its source
// count, the Go runtime's own figures included.
func (r *Relay) Registry(more ...prometheus.Collector) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collector{r})
	reg.MustRegister(more...)
	return reg
}

// collector renders the atomics of hub, source and relay when it is asked.
type collector struct{ relay *Relay }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("fantail_"+name, help, labels, nil)
}

var (
	descClients      = desc("clients", "Clients connected.", "transport")
	descJoins        = desc("client_joins_total", "Clients that joined.")
	descLeaves       = desc("client_leaves_total", "Clients that left, by reason.", "reason")
	descDeliveries   = desc("deliveries_total", "Messages wholly written, times clients.")
	descBytes        = desc("delivered_bytes_total", "Bytes that clients' sockets took.")
	descWrites       = desc("writes_total", "Writes tried on clients' sockets.")
	descDrainers     = desc("drainers", "Clients whose socket is full and who have a writer of their own.")
	descRingMessages = desc("ring_messages", "Messages held for live delivery and resuming.")
	descRingBytes    = desc("ring_bytes", "Bytes of those messages.")
	descDeepest      = desc("queue_depth_max", "Messages in the longest queue of a client at the last sweep.")
	descGaps         = desc("gaps_total", "Gaps told to clients.")
	descShared       = desc("clients_shared", "Clients on the compressed stream that they share, at the last look.")
	descSaved        = desc("compression_saved_bytes_total", "Bytes that clients did not have to be sent because of that stream.")
	descRatio        = desc("compression_ratio", "Bytes of messages by the bytes of their compressed frames, by context: shared by all, or none.", "context")
	descSeconds      = desc("compression_seconds_total", "Time spent compressing, by context: shared by all, or none.", "context")
	descUnstreamed   = desc("compression_skipped_total", "Messages sent plain because the compressor was too far behind.")

	descRefused = desc("handshakes_refused_total", "Handshakes refused, by reason.", "reason")

	descSourceUp         = desc("source_connected", "1 while the source is connected.")
	descSourceMessages   = desc("source_messages_total", "Messages received.")
	descSourceBytes      = desc("source_bytes_total", "Bytes of those messages.")
	descSourceReconnects = desc("source_reconnects_total", "Connections to the source that were lost or failed, by reason.", "reason")
	descSourceDropped    = desc("source_dropped_total", "Messages of the source that were dropped, by reason.", "reason")
	descSourceOutage     = desc("source_outage_seconds_total", "Time without the source since it was first reached.")
	descSourceLast       = desc("source_last_message_timestamp_seconds", "When the last message came, as a Unix time.")
)

// Describe is empty: the reasons are known only as they come.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	c.collectHub(count, gauge)
	c.collectSource(count, gauge)
	for why := range refusals {
		count(descRefused, float64(c.relay.refused[why].Load()), why.String())
	}
}

type emit func(d *prometheus.Desc, v float64, labels ...string)

func (c collector) collectHub(count, gauge emit) {
	s := c.relay.hub.Stats()
	gauge(descClients, float64(s.Clients), "ws")
	count(descJoins, float64(s.Joins))
	for why, n := range s.Leaves {
		count(descLeaves, float64(n), hub.Reason(why).String())
	}
	count(descDeliveries, float64(s.Deliveries))
	count(descBytes, float64(s.DeliveredBytes))
	count(descWrites, float64(s.Writes))
	count(descGaps, float64(s.Gaps))
	gauge(descDrainers, float64(s.Drainers))
	gauge(descRingMessages, float64(s.RingMessages))
	gauge(descRingBytes, float64(s.RingBytes))
	gauge(descDeepest, float64(s.DeepestQueue))
	gauge(descShared, float64(s.Streaming))
	count(descSaved, float64(s.SavedBytes))
	count(descUnstreamed, float64(s.Unstreamed))
	c.collectEffort(count, gauge, "shared", func(d *deflater) *effort { return &d.shared })
	c.collectEffort(count, gauge, "none", func(d *deflater) *effort { return &d.alone.effort })
}

// collectEffort adds up what compressing took for all formats. There is no ratio
// before anything was compressed.
func (c collector) collectEffort(count, gauge emit, context string, of func(*deflater) *effort) {
	var plain, sent, nanos uint64
	for _, d := range c.relay.deflaters {
		e := of(d)
		plain, sent, nanos = plain+e.plain.Load(), sent+e.sent.Load(), nanos+e.nanos.Load()
	}
	count(descSeconds, float64(nanos)/1e9, context)
	if sent > 0 {
		gauge(descRatio, float64(plain)/float64(sent), context)
	}
}

func (c collector) collectSource(count, gauge emit) {
	s := c.relay.source()
	up := 0.0
	if s.Connected {
		up = 1
	}
	gauge(descSourceUp, up)
	count(descSourceMessages, float64(s.Messages))
	count(descSourceBytes, float64(s.Bytes))
	for why, n := range s.Reconnects {
		count(descSourceReconnects, float64(n), why)
	}
	for why, n := range s.Dropped {
		count(descSourceDropped, float64(n), why)
	}
	count(descSourceOutage, s.Outage.Seconds())
	if !s.LastMessage.IsZero() {
		gauge(descSourceLast, float64(s.LastMessage.UnixNano())/1e9)
	}
}
