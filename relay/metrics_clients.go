package relay

import "fantail/hub"

var (
	descClients = desc("clients", "Clients that are connected, by transport (ws, sse or stream).", "transport")
	descJoins   = desc("client_joins_total", "Clients that have joined.")
	descLeaves  = desc("client_leaves_total", "Clients that have left, by the reason that they were told or that was logged.", "reason")
	descRefused = desc("handshakes_refused_total", "Requests that were refused, by reason.", "reason")
	descUplink  = desc("uplink_messages_total", "Messages that clients have sent, by result: forwarded, ignored, or the reason for which the client was closed.", "result")

	descDeliveries   = desc("deliveries_total", "Messages that were written whole, counted for each client.")
	descBytes        = desc("delivered_bytes_total", "Bytes that the sockets of clients have taken.")
	descWrites       = desc("writes_total", "Writes that were tried on the sockets of clients.")
	descGaps         = desc("gaps_total", "Gaps that clients were told of.")
	descDrainers     = desc("drainers", "Clients whose socket is full and that have a writer of their own.")
	descDeepest      = desc("queue_depth_max", "Messages in the longest queue of a client when the queues were last looked at.")
	descRingMessages = desc("ring_messages", "Messages that the ring holds for live delivery and for clients that resume.")
	descRingBytes    = desc("ring_bytes", "Bytes that the ring holds, cached encodings included.")

	descShared     = desc("clients_shared", "Clients on a compressed stream that clients share, when they were last looked at.")
	descSaved      = desc("compression_saved_bytes_total", "Bytes that clients were not sent because a shared stream is compressed.")
	descRatio      = desc("compression_ratio", "Bytes of the messages that were compressed, divided by the bytes of their frames, by context (shared by all clients, or none).", "context")
	descSeconds    = desc("compression_seconds_total", "Seconds spent on compressing, by context (shared by all clients, or none).", "context")
	descUnstreamed = desc("compression_skipped_total", "Messages that were sent plain because the compressor was too far behind.")
)

// collectClients tells how many clients are there, and how many were refused.
func (c collector) collectClients(out metrics) {
	clients := make(map[string]int64)
	for f := range formats {
		clients[formatRows[f].transport] += c.relay.joined[f].Load()
	}
	for transport, n := range clients {
		out.gauge(descClients, float64(n), transport)
	}
	for reason := range refusalReasons {
		out.count(descRefused, float64(c.relay.refusals[reason].Load()), reason.String())
	}
}

func (c collector) collectHub(out metrics) {
	s := c.relay.hub.Stats()
	out.count(descJoins, float64(s.Joins))
	for reason, n := range s.Leaves {
		out.count(descLeaves, float64(n), hub.Reason(reason).String())
	}
	out.count(descDeliveries, float64(s.Deliveries))
	out.count(descBytes, float64(s.DeliveredBytes))
	out.count(descWrites, float64(s.Writes))
	out.count(descGaps, float64(s.Gaps))
	out.gauge(descDrainers, float64(s.Drainers))
	out.gauge(descRingMessages, float64(s.RingMessages))
	out.gauge(descRingBytes, float64(s.RingBytes))
	out.gauge(descDeepest, float64(s.DeepestQueue))
	out.gauge(descShared, float64(s.Streaming))
	out.count(descSaved, float64(s.SavedBytes))
	out.count(descUnstreamed, float64(s.Unstreamed))
}

// collectCompression adds up what compressing took for all formats.
func (c collector) collectCompression(out metrics) {
	var shared, alone compressed
	for _, d := range c.relay.encoders.deflaters {
		if d != nil {
			shared.add(&d.shared)
			alone.add(&d.alone.stats)
		}
	}
	shared.collect(out, "shared")
	alone.collect(out, "none")
}

// compressed is a sum of compressionStats.
type compressed struct{ plain, sent, nanos uint64 }

func (n *compressed) add(s *compressionStats) {
	n.plain += s.plain.Load()
	n.sent += s.sent.Load()
	n.nanos += s.nanos.Load()
}

// collect tells no ratio before anything was compressed.
func (n compressed) collect(out metrics, context string) {
	out.count(descSeconds, float64(n.nanos)/1e9, context)
	if n.sent > 0 {
		out.gauge(descRatio, float64(n.plain)/float64(n.sent), context)
	}
}

func (c collector) collectUplink(out metrics) {
	u := c.relay.uplink
	out.count(descUplink, float64(u.forwarded.Load()), "forwarded")
	out.count(descUplink, float64(u.ignored.Load()), "ignored")
	for _, reason := range rejectReasons {
		out.count(descUplink, float64(u.rejected[reason].Load()), reason.String())
	}
}
