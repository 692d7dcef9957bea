package config

import (
	"fantail/hub"
	"fantail/relay"
)

// Hub returns the hub's settings. What is at work is its caller's to add.
func Hub(c Config) hub.Config {
	return hub.Config{
		Messages: c.RingMessages, Bytes: int(c.RingBytes),
		Queue:        hub.Bounds{Messages: c.QueueMessages, Bytes: int(c.QueueBytes), Stall: c.StallTimeout},
		PingInterval: c.PingInterval, PongTimeout: c.PongTimeout, MaxAge: c.ClientMaxAge,
		SnapshotKeys: c.SnapshotKeys,
		Backbone:     Feed(c).Numbered(),
	}
}

// Relay returns the relay's settings. What is at work is its caller's to add.
func Relay(c Config) relay.Config {
	rc := relay.Config{
		MaxClients: c.MaxClients, MaxClientsPerIP: c.MaxClientsPerIP, HandshakeRate: float64(c.HandshakeRate),
		TrustedProxies: c.TrustedProxies, AllowedOrigins: c.AllowedOrigins,
		Policy: c.SlowPolicy, FixedPolicy: !c.ClientPolicy, KeyRequired: c.KeyRequired, Compression: c.Compression,
		UplinkMaxMessage: c.UplinkMaxMessage, UplinkAllow: c.UplinkAllow,
		UnsentLimit: int(c.UnsentLimit), PeerTimeout: c.PingInterval + c.PongTimeout,
	}
	switch c.Uplink {
	case "ignore":
		rc.Uplink = relay.UplinkIgnore
	case "forward":
		rc.Uplink = relay.UplinkForward
	}
	if r := c.UplinkRate; r.Count > 0 {
		rc.UplinkRate, rc.UplinkBurst = float64(r.Count)/r.Per.Seconds(), r.Count
	}
	return rc
}
