package relay

import (
	"fantail/hub"
	"fantail/hub/fantailv1"
)

// closeCode returns the close code for the reason of a leave. Codes below 4000 are
// those of RFC 6455 section 7.4.1, the others are our own.
func closeCode(why hub.Reason) uint16 {
	switch why {
	case hub.Draining, hub.Stopped:
		return 1001
	case hub.Protocol:
		return 1002
	case hub.NotUTF8:
		return 1007
	case hub.Uplink, hub.Flood:
		return 1008
	case hub.TooLarge:
		return 1009
	case hub.MaxAge:
		return 1012
	case hub.Busy:
		return 1013 // registered with IANA as "try again later"
	case hub.Token:
		return 4401
	case hub.Forbidden:
		return 4403
	case hub.Slow, hub.Silent:
		return 4408
	case hub.Gone:
		return fantailv1.CodeGone
	}
	return 1000
}

func closeReason(why hub.Reason, at hub.Position) string {
	if why == hub.Gone {
		return why.String() + "; oldest=" + at.String()
	}
	return why.String() + "; resume=" + at.String()
}
