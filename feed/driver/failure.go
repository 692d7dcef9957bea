package driver

import (
	"time"

	"fantail/hub/setting"
)

// Failure is an error that the next connection may not meet: supervision counts it
// and connects again.
type Failure struct {
	Reason  Reason
	Field   setting.Name  // the setting to change first; empty = none
	Detail  error         // what happened, and what to change
	AtLeast time.Duration // to wait before the next attempt, since the source asks for it
}

// Fail returns a failure, whose Detail is formatted as setting.Errorf does.
func Fail(reason Reason, format string, args ...any) *Failure {
	detail := setting.Errorf(format, args...)
	return &Failure{Reason: reason, Field: detail.Setting, Detail: detail}
}

// Error returns the detail with the names of the fields.
func (f *Failure) Error() string { return f.Detail.Error() }

// Unwrap returns the detail.
func (f *Failure) Unwrap() error { return f.Detail }

// Render implements setting.Renderer.
func (f *Failure) Render(n setting.Namer) string { return n.Text(f.Detail) }

// TooLarge is the failure of a connection over which a message of more than most
// bytes comes, Options.MaxMessage.
func TooLarge(most int64) *Failure {
	return Fail(ReasonTooLarge, "the source sent a message of more than %d bytes; raise %v", most, SettingMaxMessage)
}
