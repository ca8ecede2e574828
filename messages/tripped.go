package messages

import (
	"fmt"
	"time"
)

// Tripped tells an actor that its circuit breaker keeps it down until Until, because of Reason. A
// socket then rejects with ErrCircuitOpen what is sent to it, at once, until it is open again.
// supervision.Breaker sends it; it is also published on the system's EventStream, as Circuit.
type Tripped struct {
	Until  time.Time
	Reason any
}

func (t *Tripped) String() string {
	return fmt.Sprintf("kept down until %s: %v", t.Until.Format(time.TimeOnly), t.Reason)
}
