package embedded

import (
	"testing"
	"time"
)

// No watch that etcd keeps telling where it stands is behind what is compacted: at most every second interval, which etcd makes up
// to a tenth longer.
func TestProgress(t *testing.T) {
	cfg := Config{Dir: t.TempDir()}
	c, err := cfg.etcd()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := time.ParseDuration(c.AutoCompactionRetention)
	if err != nil {
		t.Fatal(err)
	}
	if most := 2 * c.WatchProgressNotifyInterval * 11 / 10; most <= 0 || most >= kept {
		t.Errorf("a watch is told within %v, and history is kept for %v", most, kept)
	}
}
