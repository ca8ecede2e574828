package native

// #include "shim.h"
import "C"

import "fmt"

// Version is one of libzmq.
type Version struct{ Major, Minor, Patch int }

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

func (v Version) before(w Version) bool {
	if v.Major != w.Major {
		return v.Major < w.Major
	}
	if v.Minor != w.Minor {
		return v.Minor < w.Minor
	}
	return v.Patch < w.Patch
}

// Oldest is the oldest libzmq that will do. With older headers nothing compiles.
func Oldest() Version { return Version{C.SK_OLDEST_MAJOR, C.SK_OLDEST_MINOR, C.SK_OLDEST_PATCH} }

// Built is the version of the headers.
func Built() Version { return Version{C.ZMQ_VERSION_MAJOR, C.ZMQ_VERSION_MINOR, C.ZMQ_VERSION_PATCH} }

// Linked is the version of the library that the process has loaded, see zmq_version(3).
func Linked() Version {
	var major, minor, patch C.int
	C.zmq_version(&major, &minor, &patch)
	return Version{int(major), int(minor), int(patch)}
}

// VersionError says that the process has loaded a libzmq that it cannot work with: one that is older than
// Oldest, or one that is not of the headers it was compiled with. The headers of
// all 4.3 up to 4.3.5 are the same to pebbe/zmq4 1.4.0; later ones it does not know, and wants exactly theirs.
type VersionError struct {
	Linked, Built, Oldest Version
	Err                   error // pebbe/zmq4's; nil: Linked is too old
}

func (e *VersionError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("needs libzmq %v or newer, and the one that was loaded is %v", e.Oldest, e.Linked)
	}
	return fmt.Sprintf("%v: build it again with the headers of %v (go build -a)", e.Err, e.Linked)
}

func (e *VersionError) Unwrap() error { return e.Err }

// supported is nil or a *VersionError.
func (v Version) supported() error {
	if v.before(Oldest()) {
		return &VersionError{Linked: v, Built: Built(), Oldest: Oldest()}
	}
	return nil
}

// mismatch is the error of a context that pebbe/zmq4 does not open. One without an error number is about
// the version.
func mismatch(err error) error {
	if Errno(err) != 0 {
		return Wrap(err)
	}
	return &VersionError{Linked: Linked(), Built: Built(), Oldest: Oldest(), Err: err}
}
