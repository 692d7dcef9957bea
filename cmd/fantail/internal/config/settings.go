package config

import (
	"fantail/feed"
	"fantail/hub/setting"
)

// settings are what the environment calls the settings of feed.
var settings = map[setting.Name]string{
	feed.SettingURL:          "FANTAIL_SOURCE_URL",
	feed.SettingMode:         "FANTAIL_SOURCE_MODE",
	feed.SettingSeq:          "FANTAIL_SOURCE_SEQ",
	feed.SettingGapWait:      "FANTAIL_SOURCE_GAP_WAIT",
	feed.SettingFailback:     "FANTAIL_SOURCE_FAILBACK",
	feed.SettingHeaders:      "FANTAIL_SOURCE_HEADERS",
	feed.SettingSubprotocols: "FANTAIL_SOURCE_SUBPROTOCOLS",
	feed.SettingPing:         "FANTAIL_SOURCE_WS_PING",
	feed.SettingIdleTimeout:  "FANTAIL_SOURCE_IDLE_TIMEOUT",
	feed.SettingSend:         "FANTAIL_SOURCE_SEND",
	feed.SettingPingText:     "FANTAIL_SOURCE_PING",
	feed.SettingPingEvery:    "FANTAIL_SOURCE_PING_EVERY",
	feed.SettingRate:         "FANTAIL_SOURCE_SEND_RATE",
	feed.SettingUplink:       "FANTAIL_UPLINK",
	feed.SettingMaxMessage:   "FANTAIL_SOURCE_MAX_MESSAGE",
	feed.SettingRules:        "FANTAIL_SOURCE_RULES",
	feed.SettingKey:          "FANTAIL_SOURCE_KEY",
	feed.SettingID:           "FANTAIL_SOURCE_ID",
	feed.SettingCursor:       "FANTAIL_SOURCE_CURSOR",
	feed.SettingMaxAge:       "FANTAIL_SOURCE_MAX_AGE",
	feed.SettingOverlap:      "FANTAIL_SOURCE_OVERLAP",
}
