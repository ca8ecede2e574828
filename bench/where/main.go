// Where says where the time of one message goes: it reads the CPU profiles that compare -profile has
// written and divides them among the stages that a message passes.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/google/pprof/profile"

	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

func main() {
	dir := flag.String("in", "", "the directory that compare -profile has written to")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.pprof"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no profile in %q", dir)
	}
	for _, file := range files {
		if err := report(file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// report prints one profile, in nanoseconds of CPU time for each message.
func report(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	p, err := profile.Parse(f)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(file, ".pprof")
	var aside measure.Profiled
	text, err := os.ReadFile(name + ".json")
	if err == nil {
		err = json.Unmarshal(text, &aside)
	}
	if err != nil {
		return err
	}
	took := map[string]int64{ioThreads: int64(aside.IOThreads)}
	samples := len(p.Sample)
	for _, s := range p.Sample {
		took[stageOf(s)] += s.Value[1] // [0] counts samples
	}
	fmt.Printf("\n%s: ns of CPU time a message, %d messages, %d kinds of samples\n", filepath.Base(name), aside.Messages, samples)
	return table(took, aside.Messages)
}

func table(took map[string]int64, messages int) error {
	total := int64(0)
	for _, ns := range took {
		total += ns
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, s := range order() {
		if ns := took[s]; ns > 0 {
			fmt.Fprintf(w, "%.1f\t%.0f %%\t  %s\n", float64(ns)/float64(messages), 100*float64(ns)/float64(total), s)
		}
	}
	fmt.Fprintf(w, "%.1f\t\t  altogether\n", float64(total)/float64(messages))
	return w.Flush()
}

// stageOf is the first stage that one of a sample's functions belongs to.
func stageOf(s *profile.Sample) string {
	var names []string
	for _, at := range s.Location {
		for _, line := range at.Line {
			names = append(names, line.Function.Name)
		}
	}
	for _, st := range stages {
		if slices.ContainsFunc(names, st.has) {
			return st.name
		}
	}
	return others
}
