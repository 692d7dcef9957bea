package config

import (
	"testing"

	"fantail/cmd/fantail/internal/cmdtest"
)

func TestConfigUplink(t *testing.T) {
	const source = "FANTAIL_SOURCE_URL=wss://example.com/chat"
	cmdtest.Setenv(t, source, "FANTAIL_UPLINK=forward", `FANTAIL_UPLINK_ALLOW=^{"type":"chat"`, "FANTAIL_UPLINK_RATE=20/10s", "FANTAIL_UPLINK_MAX_MESSAGE=2KiB")
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if !c.Relay.Uplink.Allow.MatchString(`{"type":"chat","text":"hi"}`) || c.Relay.Uplink.Rate != 2 || c.Relay.Uplink.Burst != 20 || c.Relay.Uplink.MaxMessage != 2<<10 {
		t.Errorf("got %+v", c)
	}
	for _, tt := range []struct {
		set  []string
		want string
	}{
		{[]string{source, "FANTAIL_UPLINK=forward"}, `FANTAIL_UPLINK_ALLOW=: FANTAIL_UPLINK=forward lets clients send to the source; write what they may, such as ^{"type":"chat", or .* for all`},
		{[]string{"FANTAIL_UPLINK=forward", "FANTAIL_UPLINK_ALLOW=.*"}, "the source's settings: FANTAIL_UPLINK is set, but nothing can be sent to a demo: source; unset it"},
	} {
		cmdtest.Setenv(t, tt.set...)
		if _, err := Load(); err == nil || err.Error() != "1 problem with the configuration:\n  "+tt.want {
			t.Errorf("%q: got %v\nwant %s", tt.set, err, tt.want)
		}
	}
}
