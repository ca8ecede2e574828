package zmqthread

import "github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"

// VersionError is the error of Start when the libzmq that the process has loaded is too old, or is not of the headers that the
// program was built with. docs/versions.md says which will do.
type VersionError = native.VersionError
