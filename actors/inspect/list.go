package inspect

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// most is how many rows one answer has: the page asks for what it shows.
const most = 500

// state answers api/state.
func (i *Inspector) state(w http.ResponseWriter, _ *http.Request) {
	l := i.looks.now()
	answer(w, map[string]any{"at": l.At, "interval": i.cfg.Interval.Seconds(), "actions": i.cfg.Actions,
		"system": i.system.ID, "totals": l.totals(), "threads": l.Threads, "gone": len(l.Gone)})
}

// sockets answers api/sockets?q=&state=&type=&gone=&sort=&desc=&offset=&limit=: a page of what fits, and how many do.
func (i *Inspector) sockets(w http.ResponseWriter, r *http.Request) {
	q, l := r.URL.Query(), i.looks.now()
	all := l.Sockets
	if q.Get("gone") != "" {
		all = l.Gone
	}
	by := columns[q.Get("sort")]
	if by == nil && q.Get("sort") != "" {
		http.Error(w, "sort: no such column", http.StatusBadRequest)
		return
	}
	offset, limit, ok := window(w, r)
	if !ok {
		return
	}
	// Who scrolls asks the same again and again.
	question := fmt.Sprintf("%q", []string{q.Get("gone"), q.Get("q"), q.Get("state"), q.Get("type"), q.Get("sort"), q.Get("desc")})
	fits := l.once(question, func() []*Socket {
		return order(filter(all, q.Get("q"), q.Get("state"), q.Get("type")), by, q.Get("desc") != "")
	})
	answer(w, map[string]any{"at": l.At, "total": len(fits), "offset": offset, "sockets": part(fits, offset, limit)})
}

// order sorts a copy; by nil leaves them as they are.
func order(all []*Socket, by func(a, b *Socket) int, desc bool) []*Socket {
	if by == nil {
		return all
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b *Socket) int {
		if desc {
			a, b = b, a
		}
		return by(a, b)
	})
	return all
}

// window reads offset and limit, or answers what is wrong with them.
func window(w http.ResponseWriter, r *http.Request) (offset, limit int, ok bool) {
	limit = 100
	for name, v := range map[string]*int{"offset": &offset, "limit": &limit} {
		s := r.URL.Query().Get(name)
		if s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			http.Error(w, name+": not a number of rows", http.StatusBadRequest)
			return 0, 0, false
		}
		*v = n
	}
	return offset, min(limit, most), true
}

func part[T any](all []T, offset, limit int) []T {
	offset = min(offset, len(all))
	return append([]T{}, all[offset:min(len(all), offset+limit)]...)
}

// filter finds the sockets that have every word of q in their id, type, state, endpoints or last error.
func filter(all []*Socket, q, state, typ string) []*Socket {
	words := strings.Fields(strings.ToLower(q))
	if len(words) == 0 && state == "" && typ == "" {
		return all
	}
	return slices.Collect(func(yield func(*Socket) bool) {
		for _, s := range all {
			if (state == "" || s.State == state) && (typ == "" || s.Type == typ) && s.has(words) && !yield(s) {
				return
			}
		}
	})
}

func (s *Socket) has(words []string) bool {
	for _, w := range words {
		found := slices.ContainsFunc(append(slices.Concat(s.Bound, s.Connected), s.ID, s.Type, s.State, s.LastError), func(in string) bool {
			return strings.Contains(strings.ToLower(in), w)
		})
		if !found {
			return false
		}
	}
	return true
}

// columns are what sockets are sorted by, by the names of their JSON.
var columns = map[string]func(a, b *Socket) int{
	"id":            func(a, b *Socket) int { return natural(a.ID, b.ID) },
	"type":          func(a, b *Socket) int { return strings.Compare(a.Type, b.Type) },
	"state":         func(a, b *Socket) int { return strings.Compare(a.State, b.State) },
	"peers":         func(a, b *Socket) int { return cmp.Compare(a.Peers, b.Peers) },
	"sent":          func(a, b *Socket) int { return cmp.Compare(a.Rates.Sent, b.Rates.Sent) },
	"sentBytes":     func(a, b *Socket) int { return cmp.Compare(a.Rates.SentBytes, b.Rates.SentBytes) },
	"received":      func(a, b *Socket) int { return cmp.Compare(a.Rates.Received, b.Rates.Received) },
	"receivedBytes": func(a, b *Socket) int { return cmp.Compare(a.Rates.ReceivedBytes, b.Rates.ReceivedBytes) },
	"queued":        func(a, b *Socket) int { return cmp.Compare(a.Queued, b.Queued) },
	"held":          func(a, b *Socket) int { return cmp.Compare(a.Held, b.Held) },
	"unprocessed":   func(a, b *Socket) int { return cmp.Compare(a.Unprocessed, b.Unprocessed) },
	"stalls":        func(a, b *Socket) int { return cmp.Compare(a.Stalls, b.Stalls) },
	"lost":          func(a, b *Socket) int { return cmp.Compare(a.lost(), b.lost()) },
	"restarts":      func(a, b *Socket) int { return cmp.Compare(a.Restarts, b.Restarts) },
	"lastErrorAt":   func(a, b *Socket) int { return when(a.LastErrorAt).Compare(when(b.LastErrorAt)) },
	"since":         func(a, b *Socket) int { return a.Since.Compare(b.Since) },
}

func when(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// natural compares so that $9 comes before $10.
func natural(a, b string) int {
	for a != "" && b != "" {
		if digits(a) > 0 && digits(b) > 0 {
			x, y := strings.TrimLeft(a[:digits(a)], "0"), strings.TrimLeft(b[:digits(b)], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[digits(a):], b[digits(b):]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits is how many s begins with.
func digits(s string) (n int) {
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// socket answers api/socket?id=: one of them, and its last events.
func (i *Inspector) socket(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	l := i.looks.now()
	newest := slices.Clone(l.Gone) // its name may have had others before
	slices.Reverse(newest)
	all := slices.Concat(l.Sockets, newest)
	if at := slices.IndexFunc(all, func(s *Socket) bool { return s.ID == id }); at >= 0 {
		answer(w, map[string]any{"at": l.At, "socket": all[at], "events": i.history.of(id, 50)})
		return
	}
	http.Error(w, "no socket has this id", http.StatusNotFound)
}
