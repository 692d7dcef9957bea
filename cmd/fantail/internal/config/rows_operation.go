package config

import "time"

func tlsRows(c *Config) []Variable {
	return []Variable{
		{
			Name:   "FANTAIL_TLS_CERT",
			About:  "File of the certificate chain (PEM). Together with FANTAIL_TLS_KEY it turns on TLS for clients.",
			setter: to(&c.Listen.Cert, asIs),
		},
		{
			Name:   "FANTAIL_TLS_KEY",
			About:  "File of the private key (PEM).",
			setter: to(&c.Listen.Key, asIs),
		},
	}
}

func shutdownRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_DRAIN_DELAY", Default: "0s",
			About:  "Time after SIGTERM for which the relay is not ready and still serves its clients.",
			setter: to(&c.Drain.Delay, zeroOr(duration(time.Millisecond, hour))),
		},
		{
			Name: "FANTAIL_DRAIN_WINDOW", Default: "7s",
			About:  "Time after that over which the relay closes its clients.",
			setter: to(&c.Drain.Window, zeroOr(duration(time.Millisecond, hour))),
		},
	}
}

func logRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_LOG_LEVEL", Default: "info", Basic: true,
			About:  "Least level of the log lines that are written: debug, info, warn or error.",
			setter: to(&c.Log.Level, parseLevel),
		},
		{
			Name: "FANTAIL_LOG_FORMAT", Default: "auto",
			About:  "json, console or auto. auto is console on a terminal and json elsewhere.",
			setter: to(&c.Log.Format, choice("auto", "json", "console")),
		},
	}
}
