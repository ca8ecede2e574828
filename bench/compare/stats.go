package main

import "slices"

// spread is the median of some figures, and the least and the most of them.
type spread struct{ median, least, most float64 }

func spreadOf(all []float64) *spread {
	if len(all) == 0 {
		return nil
	}
	all = slices.Sorted(slices.Values(all))
	n := len(all)
	return &spread{median: (all[(n-1)/2] + all[n/2]) / 2, least: all[0], most: all[n-1]}
}

// summary is what the rounds say about one metric of one subject.
type summary struct {
	scenario *scenario
	metric   metric
	subject  string
	rounds   int     // that gave a value
	value    *spread // nil if none did
	toA, toB *spread // medians of the ratios within a round; nil if there are none
	failed   int     // rounds that did not
	reason   string  // of the last of these
}

// summaries are all of them, in the order of the scenarios.
func summaries(chosen []*scenario, rows []row) (all []summary) {
	for _, s := range chosen {
		for _, m := range s.metrics {
			for _, e := range s.entries {
				if sum := summarize(s, m, e.subject, rows); sum.rounds+sum.failed > 0 {
					all = append(all, sum)
				}
			}
		}
	}
	return all
}

func summarize(s *scenario, m metric, subject string, rows []row) summary {
	sum := summary{scenario: s, metric: m, subject: subject}
	own := byRound(s, m, subject, rows)
	for _, r := range rows {
		if r.scenario == s && r.subject == subject && r.err != "" {
			sum.failed++
			sum.reason = r.err
		}
	}
	var all []float64
	for _, v := range own {
		all = append(all, v)
	}
	sum.rounds, sum.value = len(all), spreadOf(all)
	sum.toA = spreadOf(ratios(own, byRound(s, m, s.a, rows)))
	sum.toB = spreadOf(ratios(own, byRound(s, m, s.b, rows)))
	return sum
}

func byRound(s *scenario, m metric, subject string, rows []row) map[int]float64 {
	values := map[int]float64{}
	for _, r := range rows {
		if r.err == "" && r.scenario == s && r.metric == m && r.subject == subject {
			values[r.round] = r.value
		}
	}
	return values
}

// ratios divides within each round that has both.
func ratios(of, to map[int]float64) (all []float64) {
	for round, v := range of {
		if base := to[round]; base > 0 {
			all = append(all, v/base)
		}
	}
	return all
}
