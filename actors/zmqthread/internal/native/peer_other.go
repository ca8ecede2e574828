//go:build !unix

package native

// Met is only known on Unix.
func Met(int, string, bool) (peer string, c Connection, ok bool) { return "", Connection{}, false }
