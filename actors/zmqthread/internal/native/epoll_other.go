//go:build !linux

package native

func newPoller() (Poller, error) { return newPortable(), nil }
