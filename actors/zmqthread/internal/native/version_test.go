package native

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	zmq "github.com/pebbe/zmq4"
)

// TestVersions holds docs/versions.md against the library that this test runs with: the range that its first table
// states begins with Oldest and has this version in it.
func TestVersions(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/versions.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^\| libzmq \| (\S+) to (\S+) \|`).FindStringSubmatch(string(text))
	if m == nil {
		t.Fatal("docs/versions.md has no row for libzmq")
	}
	oldest, newest := parse(t, m[1]), parse(t, m[2])
	if oldest != Oldest() {
		t.Errorf("docs/versions.md begins with %v, shim.h with %v", oldest, Oldest())
	}
	if v := Linked(); v.before(oldest) || newest.before(v) {
		t.Errorf("this is libzmq %v, and docs/versions.md states %v to %v: run scripts/libzmq.sh, and write down what came of it", v, oldest, newest)
	}
	if want := os.Getenv("SOCKEYE_LIBZMQ"); want != "" && (Linked().String() != want || Built().String() != want) {
		t.Errorf("built with libzmq %v, running with %v, want %s", Built(), Linked(), want)
	}
	major, minor, patch := zmq.Version()
	if (Version{major, minor, patch}) != Linked() {
		t.Errorf("pebbe/zmq4 has libzmq %d.%d.%d, the shim %v", major, minor, patch, Linked())
	}
}

// TestShimNamesOldest: the preprocessor cannot put a number into a sentence.
func TestShimNamesOldest(t *testing.T) {
	text, err := os.ReadFile("shim.h")
	if err != nil {
		t.Fatal(err)
	}
	if want := "Sockeye needs libzmq " + Oldest().String() + " or newer"; !strings.Contains(string(text), want) {
		t.Errorf("shim.h does not say %q", want)
	}
}

func parse(t *testing.T, s string) (v Version) {
	t.Helper()
	if _, err := fmt.Sscanf(s, "%d.%d.%d", &v.Major, &v.Minor, &v.Patch); err != nil {
		t.Fatalf("version %q: %v", s, err)
	}
	return v
}

func TestVersionSupported(t *testing.T) {
	o := Oldest()
	for _, c := range []struct {
		v  Version
		ok bool
	}{
		{o, true}, {Version{o.Major, o.Minor, o.Patch + 1}, true}, {Version{o.Major, o.Minor + 1, 0}, true}, {Version{o.Major + 1, 0, 0}, true},
		{Version{o.Major, o.Minor, o.Patch - 1}, false}, {Version{o.Major, o.Minor - 1, o.Patch + 5}, false},
		{Version{o.Major - 1, o.Minor + 5, o.Patch + 5}, false}, {Version{4, 1, 8}, false}, {Version{}, false},
	} {
		err := c.v.supported()
		var wrong *VersionError
		if (err == nil) != c.ok || err != nil && (!errors.As(err, &wrong) || wrong.Linked != c.v || wrong.Oldest != o) {
			t.Errorf("%v: %v", c.v, err)
		}
	}
	want := fmt.Sprintf("needs libzmq %v or newer, and the one that was loaded is 4.1.8", o)
	if err := (Version{4, 1, 8}).supported(); err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestVersionMismatch(t *testing.T) {
	other := errors.New("compiled with another one")
	var wrong *VersionError
	if err := mismatch(other); !errors.As(err, &wrong) || !errors.Is(err, other) || wrong.Linked != Linked() || wrong.Built != Built() ||
		err.Error() != fmt.Sprintf("compiled with another one: build it again with the headers of %v (go build -a)", Linked()) {
		t.Errorf("%v", err)
	}
	if err := mismatch(zmq.Errno(syscall.EMFILE)); errors.As(err, new(*VersionError)) || !errors.Is(err, syscall.EMFILE) {
		t.Errorf("an error number: %v", err)
	}
}
