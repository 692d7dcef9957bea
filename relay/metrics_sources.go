package relay

import (
	"strconv"
	"time"
)

// Figures of each source, alone or one of several.
var (
	descSourceUp         = desc("source_connected", "1 while the source is connected, else 0.", "index", "source")
	descSourceAlarm      = desc("source_alarm", "1 after the source gave an answer that an operator must look at, until it has sent messages for a while again, else 0.", "index", "source")
	descSourceMessages   = desc("source_messages_total", "Messages that were received from the source.", "index", "source")
	descSourceBytes      = desc("source_bytes_total", "Bytes of the messages that were received from the source.", "index", "source")
	descSourceReconnects = desc("source_reconnects_total", "Connections to the source that were lost or not made, by reason.", "index", "source", "reason")
	descSourceDropped    = desc("source_dropped_total", "Messages of the source that were dropped, by reason.", "index", "source", "reason")
	descSourceOutage     = desc("source_outage_seconds_total", "Seconds for which the source was wanted and away.", "index", "source")
	descSourceLast       = desc("source_last_message_timestamp_seconds", "Unix time of the last message from the source.", "index", "source")
)

// Figures of the feed that all sources make together.
var (
	descFeedUp       = desc("feed_connected", "1 while at least one source is connected, else 0.")
	descFeedMessages = desc("feed_messages_total", "Messages of all sources that were published to the clients.")
	descFeedBytes    = desc("feed_bytes_total", "Bytes of the messages that were published to the clients.")
	descFeedOutage   = desc("feed_outage_seconds_total", "Seconds without any source since one was first reached.")
	descFeedLast     = desc("feed_last_message_timestamp_seconds", "Unix time of the last message that was published to the clients.")
	descFeedRepeated = desc("feed_repeated_total", "Messages that were left out because another source had brought them.")
	descFeedMissed   = desc("feed_missed_total", "Numbers that none of several racing sources brought in time.")
	descFeedRestarts = desc("feed_restarts_total", "Times that the numbering of racing sources began again.")
)

func (c collector) collectSources(out metrics) {
	s := c.relay.source()
	out.gauge(descFeedUp, oneIf(s.Connected))
	out.count(descFeedMessages, float64(s.Messages))
	out.count(descFeedBytes, float64(s.Bytes))
	out.count(descFeedOutage, s.Outage.Seconds())
	if !s.LastMessage.IsZero() {
		out.gauge(descFeedLast, unixSeconds(s.LastMessage))
	}
	out.count(descFeedRepeated, float64(s.Repeated))
	out.count(descFeedMissed, float64(s.Missed))
	out.count(descFeedRestarts, float64(s.Restarts))
	if len(s.Sources) == 0 {
		s.collect(out, 0)
	}
	for i, one := range s.Sources {
		one.collect(out, i)
	}
}

// collect tells the figures of one source, which its place and its URL name.
func (s SourceStatus) collect(out metrics, index int) {
	place := strconv.Itoa(index)
	out.gauge(descSourceUp, oneIf(s.Connected), place, s.SourceRedacted)
	out.gauge(descSourceAlarm, oneIf(s.Alarm), place, s.SourceRedacted)
	out.count(descSourceMessages, float64(s.Messages), place, s.SourceRedacted)
	out.count(descSourceBytes, float64(s.Bytes), place, s.SourceRedacted)
	out.count(descSourceOutage, s.Outage.Seconds(), place, s.SourceRedacted)
	for reason, n := range s.Reconnects {
		out.count(descSourceReconnects, float64(n), place, s.SourceRedacted, reason)
	}
	for reason, n := range s.Dropped {
		out.count(descSourceDropped, float64(n), place, s.SourceRedacted, reason)
	}
	if !s.LastMessage.IsZero() {
		out.gauge(descSourceLast, unixSeconds(s.LastMessage), place, s.SourceRedacted)
	}
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
