package curve_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/curve"
)

// A pair for tests, which keeps no secret.
const (
	public = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	secret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
)

var files = map[string]struct {
	text, want string // want: in the error, "" for none
	metadata   map[string]string
	public     bool // only
}{
	"CZMQ's":         {"#   a comment\n\nmetadata\n    name = \"Bob\"\ncurve\n    public-key = \"" + public + "\"\n    secret-key = \"" + secret + "\"\n", "", map[string]string{"name": "Bob"}, false},
	"pyzmq's":        {"#   ****\nmetadata\n    name = Bob \"x\"\ncurve\n    public-key = \"" + public + "\"\n    secret-key = \"" + secret + "\"\n", "", map[string]string{"name": `Bob "x"`}, false},
	"public":         {"curve\n    public-key = '" + public + "' # mine\n", "", nil, true},
	"carriage":       {"curve\r    public-key = \"" + public + "\"\r\n", "", nil, true},
	"blanks":         {"  \n\t\ncurve   # keys\n    public-key\t=\t\"" + public + "\"  \n\n", "", nil, true},
	"other sections": {"a\n    b\n        public-key = \"x\"\n    public-key = x\ncurve\n    public-key = \"" + public + "\"\nz = 1\n    public-key = y\n", "", nil, true},
	"empty":          {"", "no public key", nil, false},
	"wrong place":    {"public-key = \"" + public + "\"\n", "no public key", nil, false},
	"twice":          {"curve\n    public-key = \"" + public + "\"\n    public-key = \"" + public + "\"\n", "line 3: the same property again", nil, false},
	"indent":         {"curve\n   public-key = \"" + public + "\"\n", "line 2: not indented", nil, false},
	"tab":            {"curve\n\tpublic-key = \"" + public + "\"\n", "line 2: a property without a name", nil, false},
	"junk":           {"curve\n    public-key \"" + public + "\"\n", "line 2: neither", nil, false},
	"zero":           {"curve\n    x = \x00\n", "line 2: a control character", nil, false},
	"mismatch":       {"curve\n    public-key = \"" + public + "\"\n    secret-key = \"" + strings.Repeat("0", 40) + "\"\n", "does not belong", nil, false},
	"empty secret":   {"curve\n    public-key = \"" + public + "\"\n    secret-key = \"\"\n", "an empty secret key", nil, false},
	"bad secret":     {"curve\n    public-key = \"" + public + "\"\n    secret-key = \"" + secret[1:] + "\"\n", "secret key: 39 characters", nil, false},
	"large":          {strings.Repeat("#", 1<<17), "more than 65536 bytes", nil, false},
}

func TestParse(t *testing.T) {
	for name, f := range files {
		k, err := curve.Parse([]byte(f.text))
		switch {
		case f.want != "":
			var wrong *curve.FormatError
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), f.want) || strings.Contains(err.Error(), secret[1:]) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || k.Public != public || (k.Secret == "") != f.public || !maps.Equal(k.Metadata, f.metadata):
			t.Errorf("%s: %v %v %q", name, err, k, k.Metadata)
		}
	}
}

// FuzzParse: any bytes are a pair that can be written and read again, or an error that quotes none of them.
func FuzzParse(f *testing.F) {
	for _, file := range files {
		f.Add([]byte(file.text))
	}
	for name, value := range nasty {
		f.Add([]byte("metadata\n    " + name + " = " + value + "\ncurve\n    public-key = \"" + public + "\"\n"))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := curve.Parse(data)
		if err != nil {
			var wrong *curve.FormatError
			if !errors.As(err, &wrong) || k.Public != "" || k.Secret != "" {
				t.Fatal(k, err)
			}
			return
		}
		path := filepath.Join(dir, "k")
		if k.Secret == "" {
			err = k.SavePublic(path)
		} else {
			err = k.Save(path)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path)
		defer os.Remove(path + "_secret")
		again, err := curve.Load(path)
		if err != nil || again.Public != k.Public || again.Secret != k.Secret || !maps.Equal(again.Metadata, k.Metadata) {
			t.Fatalf("%q %q became %q %q: %v", k, k.Metadata, again, again.Metadata, err)
		}
	})
}
