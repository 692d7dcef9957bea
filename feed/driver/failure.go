package driver

import (
	"time"

	"github.com/rs/zerolog"

	"fantail/hub/setting"
)

// Failure is an error that the next connection may not meet. Supervision counts it and
// connects again.
type Failure struct {
	Reason  Reason        // for counters and logs
	Field   setting.Name  // the setting to change first; empty = none
	Detail  error         // what happened, and what to change
	AtLeast time.Duration // shortest wait before the next attempt; 0 = supervision decides alone
}

// Fail returns a failure. It formats the Detail as setting.Errorf does, and takes the
// first setting in it as Field.
func Fail(reason Reason, format string, args ...any) *Failure {
	detail := setting.Errorf(format, args...)
	return &Failure{Reason: reason, Field: detail.Setting, Detail: detail}
}

// LogTo adds the failure to a log line: its reason, its text, and the setting to change
// first, with what the program calls its settings.
func (f *Failure) LogTo(e *zerolog.Event, names setting.Namer) *zerolog.Event {
	e.Stringer("reason", f.Reason).Str(zerolog.ErrorFieldName, names.Text(f))
	if f.Field != "" {
		e.Str("setting", names.Name(f.Field))
	}
	return e
}

// Error returns the detail, with settings named as fields of feed.Config.
func (f *Failure) Error() string { return f.Detail.Error() }

// Unwrap returns the detail.
func (f *Failure) Unwrap() error { return f.Detail }

// Render implements setting.Renderer.
func (f *Failure) Render(n setting.Namer) string { return n.Text(f.Detail) }

// TooLarge returns the failure of a connection that brings a message of more than most
// bytes. most is Options.MaxMessage.
func TooLarge(most int64) *Failure {
	return Fail(ReasonTooLarge, "the source sent a message of more than %d bytes; raise %v", most, SettingMaxMessage)
}
