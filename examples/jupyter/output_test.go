package main

import "testing"

func TestTranscript(t *testing.T) {
	paper := transcript{left: Limit{Pieces: 3, Bytes: 8}}
	for _, step := range []struct {
		text, kept string
		omitted    Omitted
	}{
		{"abc", "abc", Omitted{}},
		{"", "", Omitted{}},
		{"de✓✓", "de✓", Omitted{1, 3}}, // not half a rune
		{"f", "", Omitted{2, 4}},       // there would be room, but not in order
	} {
		got := ""
		if out := paper.take(&Output{Text: step.text}); out != nil {
			got = out.Text
		}
		if got != step.kept || paper.omitted != step.omitted {
			t.Errorf("%q: %q, %v", step.text, got, paper.omitted)
		}
	}
}
