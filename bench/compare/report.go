package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"
)

// writeReport prints a table for each metric of each scenario.
func writeReport(w io.Writer, before string, chosen []*scenario, all []summary) {
	fmt.Fprint(w, before)
	fmt.Fprint(w, "figures  median (least to most) over the rounds; a ratio is taken within a round\n")
	for _, s := range chosen {
		fmt.Fprintf(w, "\n%s: %s\n", s.name, s.about)
		for _, m := range s.metrics {
			t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", title(m), "", over(s.a), over(s.b))
			for _, sum := range all {
				if sum.scenario == s && sum.metric == m {
					fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", sum.subject, sum.text(), ratio(sum.toA), ratio(sum.toB))
				}
			}
			t.Flush()
		}
	}
}

// title says what a table shows.
func title(m metric) string {
	better := "less is better"
	if m.more {
		better = "more is better"
	}
	switch {
	case m.name == "":
		return fmt.Sprintf("[%s, %s]", m.unit, better)
	case m.unit == "":
		return fmt.Sprintf("[%s, %s]", m.name, better)
	}
	return fmt.Sprintf("[%s, %s, %s]", m.name, m.unit, better)
}

func over(reference string) string {
	if reference == "" {
		return ""
	}
	return "/ " + reference
}

func (s *summary) text() string {
	u := s.metric.unit
	switch {
	case s.value == nil:
		return s.reason
	case s.failed > 0:
		return fmt.Sprintf("%s (%s to %s); failed %d times: %s", human(s.value.median, u),
			human(s.value.least, u), human(s.value.most, u), s.failed, s.reason)
	}
	return fmt.Sprintf("%s (%s to %s)", human(s.value.median, u), human(s.value.least, u), human(s.value.most, u))
}

func ratio(r *spread) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("%s (%s to %s)", three(r.median), three(r.least), three(r.most))
}

// human writes a figure as people like to read it.
func human(v float64, unit string) string {
	switch {
	case unit == "msg/s" && v >= 1e6:
		return three(v/1e6) + " M"
	case unit == "msg/s" && v >= 1e4:
		return three(v/1e3) + " k"
	case unit == "B":
		return three(v/1024) + " KiB"
	case unit == "":
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return three(v)
}

// three writes about three digits that matter.
func three(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v >= 0.095:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

func writeRaw(file string, rows []row) error {
	records := [][]string{{"round", "scenario", "metric", "subject", "value", "unit", "error"}}
	for _, r := range rows {
		value := ""
		if r.err == "" {
			value = number(r.value)
		}
		records = append(records, []string{strconv.Itoa(r.round), r.scenario.name, r.metric.name, r.subject,
			value, r.metric.unit, r.err})
	}
	return writeCSV(file, records)
}

func writeSummary(file string, all []summary) error {
	records := [][]string{{"scenario", "metric", "unit", "better", "subject", "rounds", "median", "least", "most",
		"a", "ratio to a", "least to a", "most to a", "b", "ratio to b", "least to b", "most to b", "failed", "reason"}}
	for _, s := range all {
		better := "less"
		if s.metric.more {
			better = "more"
		}
		r := []string{s.scenario.name, s.metric.name, s.metric.unit, better, s.subject, strconv.Itoa(s.rounds)}
		r = append(r, s.value.fields()...)
		r = append(append(r, s.scenario.a), s.toA.fields()...)
		r = append(append(r, s.scenario.b), s.toB.fields()...)
		records = append(records, append(r, strconv.Itoa(s.failed), s.reason))
	}
	return writeCSV(file, records)
}

func (s *spread) fields() []string {
	if s == nil {
		return []string{"", "", ""}
	}
	return []string{number(s.median), number(s.least), number(s.most)}
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 7, 64) }

func writeCSV(file string, records [][]string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(csv.NewWriter(f).WriteAll(records), f.Close())
}
