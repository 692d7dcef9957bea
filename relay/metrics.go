package relay

import (
	"slices"
	"strconv"

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
	descClients      = desc("clients", "Clients connected, by transport: ws, sse, or stream.", "transport")
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
	descUplink  = desc("uplink_messages_total", "Messages that clients sent, by what became of them: forwarded, ignored, or why the client was closed over it.", "result")

	descSourceUp         = desc("source_connected", "1 while the source is connected.")
	descSourceAlarm      = desc("source_alarm", "1 since the source gave a fatal answer, until it has sent messages for a while again.")
	descSourceMessages   = desc("source_messages_total", "Messages received.")
	descSourceBytes      = desc("source_bytes_total", "Bytes of those messages.")
	descSourceReconnects = desc("source_reconnects_total", "Connections to the source that were lost or failed, by reason.", "reason")
	descSourceDropped    = desc("source_dropped_total", "Messages of the source that were dropped, by reason.", "reason")
	descSourceOutage     = desc("source_outage_seconds_total", "Time without the source since it was first reached.")
	descSourceLast       = desc("source_last_message_timestamp_seconds", "When the last message came, as a Unix time.")
)

var (
	descSourceRepeated = desc("source_repeated_total", "Messages left out, since another source had brought them.")
	descSourceMissed   = desc("source_missed_total", "Numbers that no source brought in time, in a race.")
	descSourceRestarts = desc("source_restarts_total", "How often the sources' numbering began anew, in a race.")

	descLineUp         = desc("line_connected", "1 while this one of the sources is connected.", "index", "source")
	descLineAlarm      = desc("line_alarm", "1 since this source gave a fatal answer, until it has sent messages for a while again.", "index", "source")
	descLineMessages   = desc("line_messages_total", "Messages received from this source.", "index", "source")
	descLineBytes      = desc("line_bytes_total", "Bytes of those messages.", "index", "source")
	descLineReconnects = desc("line_reconnects_total", "Connections to this source that were lost or failed, by reason.", "index", "source", "reason")
	descLineOutage     = desc("line_outage_seconds_total", "Time for which this source was wanted and away.", "index", "source")
	descLineLast       = desc("line_last_message_timestamp_seconds", "When this source's last message came, as a Unix time.", "index", "source")
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
	c.collectClients(gauge)
	c.collectHub(count, gauge)
	c.collectSource(count, gauge)
	for why := range refusalReasons {
		count(descRefused, float64(c.relay.refusals[why].Load()), why.String())
	}
	c.collectUplink(count)
}

func (c collector) collectClients(gauge emit) {
	clients := make(map[string]int64)
	for f := range formats {
		clients[formatRows[f].transport] += c.relay.joined[f].Load()
	}
	for transport, n := range clients {
		gauge(descClients, float64(n), transport)
	}
}

func (c collector) collectUplink(count emit) {
	u := c.relay.uplink
	count(descUplink, float64(u.forwarded.Load()), "forwarded")
	count(descUplink, float64(u.ignored.Load()), "ignored")
	for _, why := range rejectReasons {
		count(descUplink, float64(u.rejected[why].Load()), why.String())
	}
}

type emit func(d *prometheus.Desc, v float64, labels ...string)

func (c collector) collectHub(count, gauge emit) {
	s := c.relay.hub.Stats()
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
	c.collectCompression(count, gauge, "shared", func(d *deflater) *compressionStats { return &d.shared })
	c.collectCompression(count, gauge, "none", func(d *deflater) *compressionStats { return &d.alone.stats })
}

// collectEffort adds up what compressing took for all formats. There is no ratio
// before anything was compressed.
func (c collector) collectCompression(count, gauge emit, context string, of func(*deflater) *compressionStats) {
	var plain, sent, nanos uint64
	for _, d := range c.relay.encoders.deflaters {
		if d == nil {
			continue
		}
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
	gauge(descSourceUp, oneIf(s.Connected))
	gauge(descSourceAlarm, oneIf(s.Alarm))
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
	count(descSourceRepeated, float64(s.Repeated))
	count(descSourceMissed, float64(s.Missed))
	count(descSourceRestarts, float64(s.Restarts))
	if len(s.Sources) == 0 {
		collectLine(count, gauge, s, "0")
	}
	for i, one := range s.Sources {
		collectLine(count, gauge, one, strconv.Itoa(i))
	}
}

// collectLine renders what one source brings, of several or alone.
func collectLine(count, gauge emit, s SourceStatus, index string) {
	labels := []string{index, s.SourceRedacted}
	gauge(descLineUp, oneIf(s.Connected), labels...)
	gauge(descLineAlarm, oneIf(s.Alarm), labels...)
	count(descLineMessages, float64(s.Messages), labels...)
	count(descLineBytes, float64(s.Bytes), labels...)
	count(descLineOutage, s.Outage.Seconds(), labels...)
	for why, n := range s.Reconnects {
		count(descLineReconnects, float64(n), append(slices.Clone(labels), why)...)
	}
	if !s.LastMessage.IsZero() {
		gauge(descLineLast, float64(s.LastMessage.UnixNano())/1e9, labels...)
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
