package socket

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a key or a password. Printed, logged or marshalled it is only "[secret]", or empty
// when it is. fmt cannot call methods on the unexported fields of a struct: keep it out of those
// when the struct around it is printed.
type Secret string

const redacted = "[secret]"

// String is "[secret]".
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString is "[secret]".
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// Format writes "[secret]" for every verb.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	// A fmt.State has nothing to do with an error.
	_, _ = io.WriteString(f, text)
}

// MarshalText is "[secret]", for encoding/json and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is "[secret]", for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
