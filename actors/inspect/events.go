package inspect

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// Event is something that has happened to a socket: what its Config.Events gets, in words.
type Event struct {
	Seq    uint64    `json:"seq"` // 1 for the first
	At     time.Time `json:"at"`
	Socket string    `json:"socket"` // its id
	Kind   string    `json:"kind"`   // "Opened", "Failed", "Disconnected", …: the types of package socket
	Text   string    `json:"text"`
}

const (
	keepEvents = 4096 // of all sockets together
	maxStreams = 32
	burst      = 500 // events in one go; of more a stream gets the newest
	pace       = 250 * time.Millisecond
)

// history is the last events of all sockets, and who is told of new ones.
type history struct {
	remove func()

	mu      sync.Mutex
	ring    []happened             // guarded by mu: keepEvents once it is full
	next    uint64                 // guarded by mu: how many there were
	streams map[chan struct{}]bool // guarded by mu
	closed  chan struct{}
}

// happened is an event that nobody has asked for the text of yet.
type happened struct {
	seq   uint64
	at    time.Time
	id    string
	event any
}

func (h *history) listen(system *actor.ActorSystem) {
	h.streams, h.closed = map[chan struct{}]bool{}, make(chan struct{})
	h.remove = sync.OnceFunc(socket.Tap(system, h.note))
}

func (h *history) close() {
	h.remove()
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.closed:
	default:
		close(h.closed)
	}
}

// note may run on a ZeroMQ thread: it stores the event, whose words are made when somebody reads them, and tells
// streams that are not told already.
func (h *history) note(pid *actor.PID, event any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	e := happened{h.next, time.Now(), pid.Id, event}
	if len(h.ring) < keepEvents {
		h.ring = append(h.ring, e)
	} else {
		h.ring[(h.next-1)%keepEvents] = e
	}
	for s := range h.streams {
		select {
		case s <- struct{}{}:
		default:
		}
	}
}

// after returns the newest events after seq, at most n, of one socket or of all; oldest first.
func (h *history) after(seq uint64, id string, n int) (found []happened, last uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	last = h.next
	for k := h.next; k > seq && h.next-k < uint64(len(h.ring)) && len(found) < n; k-- {
		if e := h.ring[(k-1)%keepEvents]; id == "" || e.id == id {
			found = append(found, e)
		}
	}
	slices.Reverse(found)
	return found, last
}

func (h *history) of(id string, n int) []Event {
	found, _ := h.after(0, id, n)
	return words(found)
}

func words(found []happened) []Event {
	all := make([]Event, len(found))
	for i, e := range found {
		all[i] = Event{e.seq, e.at, e.id, reflect.TypeOf(e.event).Elem().Name(), fmt.Sprint(e.event)}
	}
	return all
}

func (h *history) stream() (news chan struct{}, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= maxStreams {
		return nil, false
	}
	news = make(chan struct{}, 1)
	h.streams[news] = true
	return news, true
}

func (h *history) hangUp(news chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, news)
}

// events answers api/events?id=: a stream (text/event-stream) of arrays of events, beginning with what there is. A
// client that comes back with Last-Event-ID goes on there. Of more than 500 at once it gets the newest; Seq tells.
func (i *Inspector) events(w http.ResponseWriter, r *http.Request) {
	h := &i.history
	news, ok := h.stream()
	if !ok {
		http.Error(w, "too many streams", http.StatusServiceUnavailable)
		return
	}
	defer h.hangUp(news)
	flush := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	seq, _ := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64)
	for first := true; ; first = false {
		found, last := h.after(seq, r.URL.Query().Get("id"), burst)
		if seq = last; len(found) > 0 || first {
			data, err := json.Marshal(words(found))
			if err == nil {
				_, err = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", seq, data)
			}
			if err != nil || flush.Flush() != nil {
				return
			}
		}
		if !h.wait(r, news) {
			return
		}
	}
}

// wait returns when there is news, and not at once after the last.
func (h *history) wait(r *http.Request, news chan struct{}) bool {
	for _, c := range []<-chan struct{}{after(pace), news} {
		select {
		case <-c:
		case <-r.Context().Done():
			return false
		case <-h.closed:
			return false
		}
	}
	return true
}

func after(d time.Duration) <-chan struct{} {
	c := make(chan struct{})
	time.AfterFunc(d, func() { close(c) })
	return c
}
