//go:build !unix

package native

// Connection cannot be ended from outside here.
type Connection struct{}

// Cut does nothing.
func (Connection) Cut() bool { return false }

// Deafen cannot be done here.
func (Connection) Deafen() (hear func()) { return nil }

// Met is only known on Unix.
func Met(int, string, bool) (peer string, c Connection, ok bool) { return "", Connection{}, false }
