package driver

import "fantail/hub/setting"

// The settings that texts of feed and of its drivers name: paths of fields in feed.Config.
const (
	SettingURL      setting.Name = "Sources.URL"
	SettingMode     setting.Name = "Sources.Mode"
	SettingSeq      setting.Name = "Sources.Seq"
	SettingGapWait  setting.Name = "Sources.GapWait"
	SettingFailback setting.Name = "Sources.Failback"

	SettingHeaders      setting.Name = "Dialling.Headers"
	SettingSubprotocols setting.Name = "Dialling.Subprotocols"
	SettingPing         setting.Name = "Dialling.Ping"
	SettingIdleTimeout  setting.Name = "Dialling.IdleTimeout"
	SettingResume       setting.Name = "Dialling.Resume"

	SettingFrames    setting.Name = "Sending.Frames"
	SettingPingText  setting.Name = "Sending.PingText"
	SettingPingEvery setting.Name = "Sending.PingEvery"
	SettingRate      setting.Name = "Sending.Rate"
	SettingUplink    setting.Name = "Sending.Uplink"

	SettingMaxMessage setting.Name = "Messages.MaxMessage"
	SettingRules      setting.Name = "Messages.Rules"
	SettingKey        setting.Name = "Messages.Key"
	SettingID         setting.Name = "Messages.ID"
	SettingCursor     setting.Name = "Messages.Cursor"

	SettingMaxAge  setting.Name = "Renewal.MaxAge"
	SettingOverlap setting.Name = "Renewal.Overlap"
)
