package config

import (
	"fantail/feed/driver"
	"fantail/hub/setting"
)

// settings are what the environment calls the settings of feed.
var settings = map[setting.Name]string{
	driver.SettingURL:          "FANTAIL_SOURCE_URL",
	driver.SettingMode:         "FANTAIL_SOURCE_MODE",
	driver.SettingSeq:          "FANTAIL_SOURCE_SEQ",
	driver.SettingGapWait:      "FANTAIL_SOURCE_GAP_WAIT",
	driver.SettingFailback:     "FANTAIL_SOURCE_FAILBACK",
	driver.SettingHeaders:      "FANTAIL_SOURCE_HEADERS",
	driver.SettingSubprotocols: "FANTAIL_SOURCE_SUBPROTOCOLS",
	driver.SettingPing:         "FANTAIL_SOURCE_WS_PING",
	driver.SettingIdleTimeout:  "FANTAIL_SOURCE_IDLE_TIMEOUT",
	driver.SettingSend:         "FANTAIL_SOURCE_SEND",
	driver.SettingPingText:     "FANTAIL_SOURCE_PING",
	driver.SettingPingEvery:    "FANTAIL_SOURCE_PING_EVERY",
	driver.SettingRate:         "FANTAIL_SOURCE_SEND_RATE",
	driver.SettingUplink:       "FANTAIL_UPLINK",
	driver.SettingMaxMessage:   "FANTAIL_SOURCE_MAX_MESSAGE",
	driver.SettingRules:        "FANTAIL_SOURCE_RULES",
	driver.SettingKey:          "FANTAIL_SOURCE_KEY",
	driver.SettingID:           "FANTAIL_SOURCE_ID",
	driver.SettingCursor:       "FANTAIL_SOURCE_CURSOR",
	driver.SettingMaxAge:       "FANTAIL_SOURCE_MAX_AGE",
	driver.SettingOverlap:      "FANTAIL_SOURCE_OVERLAP",
}
