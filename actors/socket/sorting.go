package socket

import "github.com/sockeye-mq/sockeye/messages"

// sorting is a batch on its way to several: what is left of it, and what each receiver is to get.
type sorting struct {
	box    *box
	rest   []*messages.Message
	sorted map[*receiver]*messages.Batch
	order  []*receiver
	n      int // messages in sorted
}

// handOverSorted takes the replies out of a batch, and splits it by topic.
func (b *box) handOverSorted(batch *messages.Batch) {
	s := &sorting{box: b, rest: batch.Messages(), sorted: map[*receiver]*messages.Batch{}}
	defer s.end()
	for len(s.rest) > 0 {
		a := b.arrived(s.rest[0])
		s.rest = s.rest[1:]
		s.sort(a)
	}
	t := ticket{box: b, n: s.n}
	s.n = 0
	defer t.end()
	for _, r := range s.order {
		b.deliverBatch([]*receiver{r}, s.sorted[r], &t)
	}
	t.close(delivered)
}

func (s *sorting) sort(a arrival) {
	b := s.box
	if b.park(a) {
		return
	}
	if a.drop != delivered || a.asker != nil {
		b.bookDispatch(a)
		return
	}
	to := b.choose(a.message, 1)
	if len(to) == 0 {
		t := ticket{box: b, n: 1}
		defer t.end()
		t.close(b.undeliverable(a.message))
		return
	}
	s.n++
	for _, r := range to {
		if s.sorted[r] == nil {
			s.sorted[r] = messages.NewBatch()
			s.order = append(s.order, r)
		}
		s.sorted[r].Append(a.message.Frames...)
	}
}

// end is deferred: after a panic the next incarnation goes on with the rest, and what was sorted
// already is lost, and counted.
func (s *sorting) end() {
	if s.n > 0 {
		s.box.book(s.n, panicked)
	}
	if len(s.rest) > 0 {
		s.box.current = parcel{batch: messages.Pack(s.rest...)}
	}
}
