package relay

import "fantail/hub/setting"

// Settings in texts for an operator, named by their fields in Config or in hub.Config.
const (
	settingSource      setting.Name = "Source"
	settingOrigins     setting.Name = "Access.AllowedOrigins"
	settingPolicy      setting.Name = "Delivery.Policy"
	settingForward     setting.Name = "Uplink.Forward"
	settingUplinkAllow setting.Name = "Uplink.Allow"
	settingPushToken   setting.Name = "Push.Token"
	settingPushBody    setting.Name = "Push.MaxBody"
	settingSnapshot    setting.Name = "Snapshot" // of hub.Config
)

// SettingUplinkRate bounds what a client may send to the source, for a program whose
// source takes less.
const SettingUplinkRate setting.Name = "Uplink.Rate"
