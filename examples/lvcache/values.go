package main

import (
	"iter"
	"slices"
	"strings"
)

// values are the last ones of each topic, which is a message's first frame. A value is all of the message.
type values struct {
	most   limit
	last   map[string][][]byte
	bytes  int // of all of them
	unkept int // updates that were beyond the limit
}

// limit bounds the values. A new topic that is beyond it is not kept; one that outgrows it is forgotten,
// for an old value would be a wrong one.
type limit struct {
	topics int
	bytes  int
}

func newValues(most limit) *values { return &values{most: most, last: map[string][][]byte{}} }

// keep keeps a copy of a message.
func (v *values) keep(frames [][]byte) {
	topic := string(frames[0])
	old, known := v.last[topic]
	bytes := v.bytes - size(old) + size(frames)
	if !known && len(v.last) >= v.most.topics || bytes > v.most.bytes {
		v.unkept++
		v.bytes -= size(old)
		delete(v.last, topic)
		return
	}
	kept := make([][]byte, len(frames))
	for i, f := range frames {
		kept[i] = slices.Clone(f)
	}
	v.last[topic], v.bytes = kept, bytes
}

// under yields the values of all topics that begin with prefix, in the order of the topics.
func (v *values) under(prefix string) iter.Seq[[][]byte] {
	return func(yield func([][]byte) bool) {
		var topics []string
		for topic := range v.last {
			if strings.HasPrefix(topic, prefix) {
				topics = append(topics, topic)
			}
		}
		slices.Sort(topics)
		for _, topic := range topics {
			if !yield(v.last[topic]) {
				return
			}
		}
	}
}

// size is what a message counts for: its bytes, and something for each frame.
func size(frames [][]byte) int {
	n := 0
	for _, f := range frames {
		n += len(f) + 64
	}
	return n
}
