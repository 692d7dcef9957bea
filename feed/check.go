package feed

import (
	"errors"

	"fantail/feed/driver"
	"fantail/hub/setting"
)

// check returns every problem of the settings that does not depend on the source. The defaults
// are filled in before.
func (c Config) check() error {
	rate := c.Sending.Rate
	var bad []error
	for _, row := range []struct {
		wrong   bool
		problem error
	}{
		{c.Sources.GapWait < 0, setting.Errorf("feed: %v is %v; it must be above 0", driver.SettingGapWait, c.Sources.GapWait)},
		{c.Sources.Failback < 0 && c.Sources.Failback != NoFailback,
			setting.Errorf("feed: %v is %v; it must be NoFailback or above 0", driver.SettingFailback, c.Sources.Failback)},
		{c.Sources.Mode >= modes, setting.Errorf("feed: %v is %v; it must be one of %v", driver.SettingMode, c.Sources.Mode, modeWords)},
		{c.Sources.Seq != "" && c.Sources.Mode != Race,
			setting.Errorf("feed: %v is of use only with %v=race; set that, or unset it", driver.SettingSeq, driver.SettingMode)},
		{c.Messages.MaxMessage < 0, setting.Errorf("feed: %v is %d bytes; it must be above 0", driver.SettingMaxMessage, c.Messages.MaxMessage)},
		{c.Dialling.Ping < 0 && c.Dialling.Ping != driver.NoPing,
			setting.Errorf("feed: %v is %v; it must be NoPing or above 0", driver.SettingPing, c.Dialling.Ping)},
		{c.Dialling.IdleTimeout < 0, setting.Errorf("feed: %v is %v; it must be 0 (off) or above", driver.SettingIdleTimeout, c.Dialling.IdleTimeout)},
		{c.Sending.PingEvery < 0, setting.Errorf("feed: %v is %v; it must be above 0", driver.SettingPingEvery, c.Sending.PingEvery)},
		{rate.Count < 0 || rate.Count > 0 && rate.Per <= 0,
			setting.Errorf("feed: %v is %d in %v; it must be a number of frames in a time above 0", driver.SettingRate, rate.Count, rate.Per)},
		{c.Renewal.MaxAge < 0, setting.Errorf("feed: %v is %v; it must be 0 (off) or above", driver.SettingMaxAge, c.Renewal.MaxAge)},
		{c.Renewal.Overlap && c.Renewal.MaxAge == 0,
			setting.Errorf("feed: %v is of use only with %v; set that, below the time after which the source ends a connection", driver.SettingOverlap, driver.SettingMaxAge)},
		// A cursor moves when a message is read, and a handover may drop a message after
		// it was read.
		{c.Renewal.Overlap && c.Messages.Cursor != "",
			setting.Errorf("feed: %v and %v exclude each other; unset %v, as the cursor brings what a new connection missed", driver.SettingOverlap, driver.SettingCursor, driver.SettingOverlap)},
		{c.Renewal.Overlap && c.Dialling.Resume, setting.Errorf("feed: %v is of no use with a relay that is resumed; unset it", driver.SettingOverlap)},
	} {
		if row.wrong {
			bad = append(bad, row.problem)
		}
	}
	return errors.Join(bad...)
}
