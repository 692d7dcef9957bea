package relay

import (
	"bytes"
	"errors"
	"fmt"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/setting"
)

// Each setting that a text speaks of is a field of the relay's Config or of the hub's.
func TestSettingsAreFields(t *testing.T) {
	for _, name := range []setting.Name{settingSource, settingOrigins, settingPolicy, settingForward, settingUplinkAllow, SettingUplinkRate, settingPushToken, settingPushBody, settingSnapshot} {
		if !hasField(reflect.TypeFor[Config](), string(name)) && !hasField(reflect.TypeFor[hub.Config](), string(name)) {
			t.Errorf("there is no field %s", name)
		}
	}
}

func hasField(in reflect.Type, path string) bool {
	first, rest, more := strings.Cut(path, ".")
	f, ok := in.FieldByName(first)
	return ok && (!more || hasField(f.Type, rest))
}

// What an operator reads has the program's names for settings.
func TestTextsHaveTheProgramsNames(t *testing.T) {
	names := setting.Namer(func(n setting.Name) string { return "APP_" + strings.ToUpper(string(n)) })
	h := NewHub(hub.Config{})
	defer h.Close()
	var log bytes.Buffer
	r, err := New(Config{Hub: h, Log: zerolog.New(&log), Names: names, Push: Push{
		Take:  func([]hub.Input) error { return ErrTooLarge },
		Token: testToken,
	}, Uplink: Uplink{Mode: UplinkForward, Allow: regexp.MustCompile("."), Forward: func(hub.Kind, []byte) error {
		return fmt.Errorf("wrapped: %w", setting.Errorf("raise %v", setting.Name("Source")))
	}}})
	if err != nil {
		t.Fatal(err)
	}
	foreign := upgradeRequest("/ws")
	foreign.Header.Set("Origin", "https://evil.test")
	r.Handler().ServeHTTP(httptest.NewRecorder(), foreign)
	if !strings.Contains(log.String(), "add its origin to APP_ACCESS.ALLOWEDORIGINS") {
		t.Errorf("log: %s", log.String())
	}
	if err := r.uplink.send(hub.Text, []byte("x")); err == nil || !strings.Contains(log.String(), "raise APP_SOURCE") {
		t.Errorf("uplink: %v, log: %s", err, log.String())
	}
	if _, body := get(r.Handler(), "/snapshot"); !strings.Contains(body, "turn it on by APP_SNAPSHOT") {
		t.Errorf("no snapshot: %s", body)
	}
	if rec := postTo(r.Handler(), "POST", "/push", "Bearer a token of the operator", "", "x"); !strings.Contains(rec.Body.String(), "raise APP_PUSH.MAXBODY") {
		t.Errorf("too large: %d %s", rec.Code, rec.Body)
	}
	if _, body := get(r.Handler(), "/"); !strings.Contains(body, "Set <code>APP_SOURCE</code> of the relay") {
		t.Error("the page does not say which setting has the source")
	}
	_, err = New(Config{Hub: h, Delivery: Delivery{Policy: hub.Conflate}, Uplink: Uplink{Mode: UplinkForward, Rate: -1}})
	for _, want := range []string{"APP_DELIVERY.POLICY is conflate", "set APP_SNAPSHOT", "APP_UPLINK.FORWARD is nil", "write APP_UPLINK.ALLOW", "APP_UPLINK.RATE must be 0"} {
		if text := names.Text(err); !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	if bad, ok := errors.AsType[*setting.Error](err); !ok || bad.Setting != settingPolicy {
		t.Errorf("%v names no setting", err)
	}
}

// The operator is told the name of a token that cannot be read.
func TestPushTokenIsNamed(t *testing.T) {
	h := NewHub(hub.Config{})
	defer h.Close()
	var log bytes.Buffer
	r, err := New(Config{Hub: h, Log: zerolog.New(&log), Push: Push{
		Take:  func([]hub.Input) error { return nil },
		Token: func() (string, error) { return "", errors.New("gone") },
	}})
	if err != nil {
		t.Fatal(err)
	}
	if rec := postTo(r.Handler(), "POST", "/push", "x", "", "x"); rec.Code != 401 || !strings.Contains(log.String(), "Config.Push.Token cannot be read or is empty") {
		t.Errorf("%d; log: %s", rec.Code, log.String())
	}
}
