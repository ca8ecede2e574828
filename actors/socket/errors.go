package socket

import (
	"fmt"

	"github.com/sockeye-mq/sockeye/messages"
)

// ConfigError says which field of a Config is wrong, and why. It is found before anything is
// opened: by Config.Validate, and by whoever talks to an actor spawned with it.
type ConfigError struct {
	Field  string // "Bind[0]", "Options.SendHWM", …
	Value  any
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("socket config: %s = %#v: %s", e.Field, e.Value, e.Reason)
}

// Is lets errors.Is(err, messages.ErrConfig) find it.
func (e *ConfigError) Is(target error) bool { return target == messages.ErrConfig }
