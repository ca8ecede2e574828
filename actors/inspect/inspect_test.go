package inspect_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

func TestMain(m *testing.M) { rig.Main(m) }

// page serves an inspector for a test.
func page(t *testing.T, r *rig.Rig, cfg inspect.Config) *httptest.Server {
	i := inspect.New(r.System, cfg)
	s := httptest.NewServer(i)
	t.Cleanup(func() { i.Close(); s.Close(); s.Client().CloseIdleConnections() })
	return s
}

// get reads JSON.
func get[T any](t *testing.T, s *httptest.Server, path string) (v T) {
	t.Helper()
	res, err := s.Client().Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		all, _ := io.ReadAll(res.Body)
		t.Fatal(path, res.Status, string(all))
	}
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func post(t *testing.T, s *httptest.Server, path string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(all)
}

type rows struct {
	Total   int
	Sockets []*inspect.Socket
}

// What the JSON says is what the sockets have done.
func TestNumbers(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{Name: "lane"})
	in := r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID)})
	push := r.SpawnSupervised(&supervision.Backoff{}, socket.Config{Type: socket.Push, Connect: r.At(pull)})
	for range 10 {
		r.Put(push, messages.Text("12345"))
		in.Message()
	}
	s := page(t, r, inspect.Config{})
	found := get[rows](t, s, "/api/sockets?type=PUSH")
	if found.Total != 1 || found.Sockets[0].ID != push.Id || found.Sockets[0].Sent != 10 || found.Sockets[0].SentBytes != 50 ||
		found.Sockets[0].State != "open" || found.Sockets[0].Guardian != "supervision.Backoff" || found.Sockets[0].Thread != "lane" {
		t.Errorf("%+v", found.Sockets[0])
	}
	one := get[struct {
		Socket inspect.Socket
		Events []inspect.Event
	}](t, s, "/api/socket?id="+pull.Id)
	if x := one.Socket; x.Received != 10 || x.ReceivedBytes != 50 || x.Delivered != 10 || x.Bound[0] != r.At(pull)[0] || x.Receivers[0].ID != in.PID.Id {
		t.Errorf("%+v", x)
	}
	state := get[struct {
		Totals  inspect.Totals
		Threads []inspect.Thread
		Actions bool
	}](t, s, "/api/state")
	if state.Actions || state.Totals.Sockets != 2 || state.Totals.States["open"] != 2 || state.Threads[0].ID != "lane" || state.Threads[0].Sockets != 2 || state.Threads[0].Rounds == 0 {
		t.Errorf("%+v", state)
	}
	all := get[inspect.Snapshot](t, s, "/api/snapshot")
	if len(all.Sockets) != 2 || len(all.Threads) != 1 || len(all.Gone) != 0 {
		t.Errorf("%+v", all)
	}
}

// Rates are about the time between two looks.
func TestRates(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	in := r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID)})
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)})
	s := page(t, r, inspect.Config{Interval: 100 * time.Millisecond})
	get[rows](t, s, "/api/sockets")
	for range 500 {
		r.Put(push, messages.Bytes(make([]byte, 100)))
		in.Message()
	}
	rig.Until(t, "the rate is seen", func() bool {
		x := get[rows](t, s, "/api/sockets?sort=sent&desc=1").Sockets[0]
		return x.ID == push.Id && x.Rates.Sent > 0 && math.Abs(x.Rates.SentBytes-100*x.Rates.Sent) < 1
	})
}

// Rows are filtered, sorted and cut on this side, so that the page can have what it shows of thousands.
func TestRows(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	parent := r.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if n, ok := c.Message().(int); ok {
			for range n {
				c.Spawn(socket.Props(r.Thread, socket.Config{Type: socket.Dealer, Connect: []string{"inproc://nobody"}}))
			}
		}
	}))
	r.Root.Send(parent, 30)
	rig.Until(t, "they are open", func() bool {
		n := 0
		for x := range socket.All(r.System) {
			if x.State == socket.StateOpen {
				n++
			}
		}
		return n == 30
	})
	s := page(t, r, inspect.Config{})
	found := get[rows](t, s, "/api/sockets?sort=id&offset=9&limit=2")
	if found.Total != 30 || len(found.Sockets) != 2 {
		t.Fatalf("%+v", found)
	}
	if a, b := found.Sockets[0].ID, found.Sockets[1].ID; len(b) < len(a) || b == a {
		t.Error(a, b)
	}
	if n := get[rows](t, s, "/api/sockets?q=dealer+nobody").Total; n != 30 {
		t.Error(n)
	}
	if n := get[rows](t, s, "/api/sockets?q=dealer+somebody").Total; n != 0 {
		t.Error(n)
	}
	up, down := get[rows](t, s, "/api/sockets?sort=id").Sockets, get[rows](t, s, "/api/sockets?sort=id&desc=1").Sockets
	again := get[rows](t, s, "/api/sockets?sort=id").Sockets // of the same look, as a rule
	if len(up) != 30 || len(down) != 30 || up[0].ID != down[29].ID || up[29].ID != down[0].ID || up[0].ID == down[0].ID || again[0].ID != up[0].ID {
		t.Error(up, down, again)
	}
	for n := range 40 { // more questions than a look keeps the answers to
		if got := get[rows](t, s, fmt.Sprintf("/api/sockets?sort=id&limit=1&q=%s", up[n%30].ID)).Sockets; len(got) == 0 || !strings.Contains(got[0].ID, up[n%30].ID) {
			t.Error(up[n%30].ID, got)
		}
	}
	for _, bad := range []string{"sort=shoe", "offset=-1", "limit=x"} {
		if res, err := s.Client().Get(s.URL + "/api/sockets?" + bad); err != nil || res.StatusCode != http.StatusBadRequest {
			t.Error(bad, err)
		} else {
			res.Body.Close()
		}
	}
	type tree struct {
		Total    int
		Children []struct {
			ID, Name          string
			Children, Sockets int
			States            map[string]int
			Socket            *inspect.Socket
		}
	}
	roots := get[tree](t, s, "/api/tree")
	if len(roots.Children) != 1 || roots.Children[0].ID != parent.Id || roots.Children[0].Sockets != 30 || roots.Children[0].States["open"] != 30 || roots.Children[0].Socket != nil {
		t.Errorf("%+v", roots)
	}
	below := get[tree](t, s, "/api/tree?limit=5&id="+parent.Id)
	if below.Total != 30 || len(below.Children) != 5 || below.Children[0].Socket.Type != "DEALER" {
		t.Errorf("%+v", below)
	}
}

// The stream has what happens, in order, each once; who comes back goes on where it was.
func TestEvents(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	s := page(t, r, inspect.Config{})
	pid := r.SpawnSupervised(&supervision.Backoff{Min: 1, Max: 1}, socket.Config{Type: socket.Pair, Bind: []string{"tcp://127.0.0.1:*"}})
	r.At(pid)
	r.Root.Send(pid, &socket.Fail{Err: errors.New("as it was told")})
	var seen []inspect.Event
	read := func(last, until string) string {
		req, _ := http.NewRequest(http.MethodGet, s.URL+"/api/events?id="+pid.Id, nil)
		req.Header.Set("Last-Event-ID", last)
		res, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() {
			if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				last = id
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var some []inspect.Event
				if err := json.Unmarshal([]byte(data), &some); err != nil {
					t.Fatal(err)
				}
				seen = append(seen, some...)
				for _, e := range some {
					if e.Kind == until {
						return last
					}
				}
			}
		}
		t.Fatal("the stream has ended: ", lines.Err())
		return ""
	}
	last := read("", "Failed")
	r.Root.Stop(pid)
	read(last, "Stopped")
	kinds := ""
	for i, e := range seen {
		kinds += e.Kind + " "
		if i > 0 && e.Seq <= seen[i-1].Seq || e.Socket != pid.Id {
			t.Error(e)
		}
	}
	if strings.Count(kinds, "Failed") != 1 || strings.Count(kinds, "Stopped") != 1 || !strings.Contains(fmt.Sprint(seen), "as it was told") {
		t.Error(seen)
	}
}

// An action does what it says, where actions are on; where not, and for whom they are not, nothing.
func TestActions(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	pid := r.SpawnSupervised(&supervision.Backoff{Min: 1, Max: 1}, socket.Config{Type: socket.Pair, Bind: []string{"tcp://127.0.0.1:*"}})
	other := r.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
	r.At(pid)
	on, off := page(t, r, inspect.Config{Actions: true, Interval: 100 * time.Millisecond}), page(t, r, inspect.Config{})
	state := func() string {
		all := get[rows](t, on, "/api/sockets").Sockets
		if len(all) == 0 {
			return "none"
		}
		return all[0].State
	}
	is := func(want string) { t.Helper(); rig.Until(t, want, func() bool { return state() == want }) }
	refused := func(code, want int) {
		t.Helper()
		if code != want {
			t.Errorf("%d, not %d", code, want)
		}
	}
	code, _ := post(t, off, "/api/pause?id="+pid.Id)
	refused(code, http.StatusForbidden)
	for _, h := range [][]string{{"Origin", "http://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Host", "evil.example"}} {
		code, _ = post(t, on, "/api/pause?id="+pid.Id, h...)
		refused(code, http.StatusForbidden)
	}
	code, _ = post(t, on, "/api/explode?id="+pid.Id)
	refused(code, http.StatusNotFound)
	code, _ = post(t, on, "/api/drain?id="+other.Id)
	refused(code, http.StatusNotFound)
	if res, err := on.Client().Get(on.URL + "/api/pause?id=" + pid.Id); err != nil || res.StatusCode == http.StatusNoContent {
		t.Error(err, "a GET changes something")
	} else {
		res.Body.Close()
	}
	is("open")
	for _, step := range []struct{ action, state string }{{"pause", "paused"}, {"resume", "open"}, {"restart", "open"}} {
		if code, why := post(t, on, "/api/"+step.action+"?id="+pid.Id, "Sec-Fetch-Site", "same-origin"); code != http.StatusNoContent {
			t.Error(step.action, code, why)
		}
		is(step.state)
	}
	rig.Until(t, "it was restarted", func() bool { return get[rows](t, on, "/api/sockets").Sockets[0].Reopens == 1 })
	code, _ = post(t, on, "/api/drain?id="+pid.Id)
	refused(code, http.StatusAccepted)
	is("none")
	if gone := get[rows](t, on, "/api/sockets?gone=1").Sockets; len(gone) != 1 || gone[0].State != "stopped" {
		t.Error(gone)
	}
}

// Who may look.
func TestWho(t *testing.T) {
	system := actor.NewActorSystem()
	defer system.Shutdown()
	for _, c := range []struct {
		name, remote, host string
		cfg                inspect.Config
		want               int
	}{
		{"this machine", "127.0.0.1:4711", "localhost:80", inspect.Config{}, 200},
		{"this machine by IPv6", "[::1]:4711", "[::1]:80", inspect.Config{}, 200},
		{"a Unix socket", "@", "localhost", inspect.Config{}, 200},
		{"another machine", "192.0.2.1:4711", "192.0.2.7", inspect.Config{}, 403},
		{"another machine that is let in", "192.0.2.1:4711", "192.0.2.7:8080", inspect.Config{Remote: true}, 200},
		{"a name that was made to point here", "127.0.0.1:4711", "evil.example", inspect.Config{}, 403},
		{"the same, let in", "192.0.2.1:4711", "evil.example", inspect.Config{Remote: true}, 403},
		{"a name of ours", "127.0.0.1:4711", "ops.example:8080", inspect.Config{Hosts: []string{"OPS.example"}}, 200},
		{"no name", "127.0.0.1:4711", "", inspect.Config{}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := inspect.New(system, c.cfg)
			defer i.Close()
			for _, path := range []string{"/", "/api/state", "/api/snapshot"} {
				req, w := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
				req.RemoteAddr, req.Host = c.remote, c.host
				i.ServeHTTP(w, req)
				if w.Code != c.want {
					t.Error(path, w.Code, w.Body)
				}
				if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
					t.Error(csp)
				}
			}
		})
	}
}
