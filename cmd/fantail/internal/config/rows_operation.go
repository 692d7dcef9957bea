package config

import "time"

func tlsRows(c *Config) []Variable {
	return []Variable{
		{
			Name:   "FANTAIL_TLS_CERT",
			About:  "certificate chain file (PEM); with FANTAIL_TLS_KEY it turns on TLS for clients",
			setter: to(&c.Listen.Cert, asIs),
		},
		{
			Name:   "FANTAIL_TLS_KEY",
			About:  "private key file (PEM)",
			setter: to(&c.Listen.Key, asIs),
		},
	}
}

func shutdownRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_DRAIN_DELAY", Default: "0s",
			About:  "on SIGTERM, time to be not ready before clients are closed",
			setter: to(&c.Drain.Delay, zeroOr(duration(time.Millisecond, hour))),
		},
		{
			Name: "FANTAIL_DRAIN_WINDOW", Default: "7s",
			About:  "time over which clients are then closed",
			setter: to(&c.Drain.Window, zeroOr(duration(time.Millisecond, hour))),
		},
	}
}

func logRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_LOG_LEVEL", Default: "info", Basic: true,
			About:  "debug, info, warn or error",
			setter: to(&c.Log.Level, parseLevel),
		},
		{
			Name: "FANTAIL_LOG_FORMAT", Default: "auto",
			About:  "json, console, or auto: console on a terminal",
			setter: to(&c.Log.Format, choice("auto", "json", "console")),
		},
	}
}
