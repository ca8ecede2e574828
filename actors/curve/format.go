package curve

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// FormatError says what is wrong in a key file. It never quotes the file.
type FormatError struct {
	Line   int // from 1; 0: the file as a whole
	Reason string
}

func (e *FormatError) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

// maxFile bounds a key file, in bytes.
const maxFile = 64 << 10

// Parse reads a key file: ZPL (RFC 4) with the properties "public-key" and "secret-key" under "curve",
// and any number under "metadata". Other properties are skipped. The secret key may be missing. Whatever
// data is, Parse returns a pair that is in order or an error that does not quote it.
func Parse(data []byte) (KeyPair, error) {
	k := KeyPair{Metadata: map[string]string{}}
	if len(data) > maxFile {
		return KeyPair{}, &FormatError{0, fmt.Sprintf("more than %d bytes", maxFile)}
	}
	section, seen := "", map[string]bool{}
	for n, line := range lines(data) {
		level, name, value, reason := property(line)
		switch {
		case reason != "":
			return KeyPair{}, &FormatError{n + 1, reason}
		case name == "":
			continue
		case level == 0:
			section = name
			continue
		case level > 1 || section != "curve" && section != "metadata":
			continue
		case seen[section+"/"+name]:
			return KeyPair{}, &FormatError{n + 1, "the same property again"}
		}
		seen[section+"/"+name] = true
		switch {
		case section == "metadata":
			k.Metadata[name] = value
		case name == "public-key":
			k.Public = value
		case name == "secret-key":
			k.Secret = socket.Secret(value)
		}
	}
	if len(k.Metadata) == 0 {
		k.Metadata = nil
	}
	if k.Public == "" {
		return KeyPair{}, &FormatError{0, "no public key"}
	}
	if seen["curve/secret-key"] && k.Secret == "" {
		return KeyPair{}, &FormatError{0, "an empty secret key"}
	}
	if err := k.Check(); err != nil {
		return KeyPair{}, &FormatError{0, err.Error()}
	}
	return k, nil
}

// lines splits at any of the line endings of ZPL.
func lines(data []byte) []string {
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	return strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n")
}

// property takes a line apart. The name is "" when there is nothing but a comment.
func property(line string) (level int, name, value, wrong string) {
	rest := strings.TrimLeft(line, " ")
	indent := len(line) - len(rest)
	rest = strings.TrimRight(rest, " \t")
	if rest == "" || rest[0] == '#' {
		return 0, "", "", ""
	}
	if strings.IndexFunc(rest, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) >= 0 {
		return 0, "", "", "a control character"
	}
	if indent%4 != 0 {
		return 0, "", "", "not indented by steps of 4 spaces"
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return !nameChar(r) })
	if end < 0 {
		end = len(rest)
	}
	if name = rest[:end]; name == "" {
		return 0, "", "", "a property without a name"
	}
	rest = strings.TrimLeft(rest[end:], " \t")
	if rest == "" || rest[0] == '#' {
		return indent / 4, name, "", ""
	}
	if rest[0] != '=' {
		return 0, "", "", `neither "=" nor a comment behind a name`
	}
	return indent / 4, name, unquote(strings.TrimLeft(rest[1:], " \t")), ""
}

// nameChar is name-char of RFC 4.
func nameChar(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("$-_@.&+/", r)
}

// unquote reads a value. One that starts with a quote and does not end with it has none.
func unquote(s string) string {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		if inner, rest, found := strings.Cut(s[1:], s[:1]); found {
			if rest = strings.TrimLeft(rest, " \t"); rest == "" || rest[0] == '#' {
				return inner
			}
		}
	}
	s, _, _ = strings.Cut(s, "#")
	return strings.TrimRight(s, " \t")
}

// checkMetadata finds what could not be read back.
func checkMetadata(m map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		value := m[name]
		switch {
		case name == "" || strings.IndexFunc(name, func(r rune) bool { return !nameChar(r) }) >= 0:
			return fmt.Errorf("metadata %q: a name has letters, digits and $-_@.&+/ only", name)
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			return fmt.Errorf("metadata %q: a control character in the value", name)
		case unquote(strings.TrimLeft(quote(value), " \t")) != value:
			return fmt.Errorf("metadata %q: a value with both kinds of quotes cannot have this one's spaces, # or first quote", name)
		}
	}
	return nil
}

// format writes a file. Which of them, secret says.
func (k KeyPair) format(secret bool) []byte {
	var b bytes.Buffer
	if secret {
		b.WriteString("#   CURVE key pair of ZeroMQ: SECRET. For its owner only: keep the file and its mode as they are.\n\n")
	} else {
		b.WriteString("#   CURVE public key of ZeroMQ. For everybody, over a way that nobody can change it on.\n\n")
	}
	b.WriteString("metadata\n")
	for _, name := range slices.Sorted(maps.Keys(k.Metadata)) {
		fmt.Fprintf(&b, "    %s = %s\n", name, quote(k.Metadata[name]))
	}
	fmt.Fprintf(&b, "curve\n    public-key = \"%s\"\n", k.Public)
	if secret {
		fmt.Fprintf(&b, "    secret-key = \"%s\"\n", string(k.Secret))
	}
	return b.Bytes()
}

func quote(value string) string {
	switch {
	case !strings.Contains(value, `"`):
		return `"` + value + `"`
	case !strings.Contains(value, "'"):
		return "'" + value + "'"
	}
	return value
}
