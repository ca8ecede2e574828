package zap_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// request is one of ZAP 1.0 with this id.
func request(domain, address, mechanism string, credentials ...string) []string {
	return append([]string{"1.0", "7", domain, address, "", mechanism}, credentials...)
}

// asker is a DEALER in the server's context that can ask the handler anything.
func (s *scene) asker() *actor.PID {
	return s.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{"inproc://zeromq.zap.01"}})
}

func (s *scene) ask(asker *actor.PID, frames ...string) []string {
	s.T.Helper()
	var reply []string
	for _, f := range s.Ask(asker, messages.Text(frames...)).Body() {
		reply = append(reply, string(f))
	}
	return reply
}

var key = strings.Repeat("k", 32)

// malformed are requests, with the status that answers them; 0: nothing does.
var malformed = map[string]struct {
	frames []string
	status string
}{
	"version":            {[]string{"1.1", "7", "shop", "127.0.0.1", "", "NULL"}, "500"},
	"no version":         {[]string{"", "7", "shop", "127.0.0.1", "", "NULL"}, "500"},
	"only an id":         {[]string{"1.0", "7"}, "500"},
	"no mechanism":       {[]string{"1.0", "7", "shop", "127.0.0.1", ""}, "500"},
	"long domain":        {request(strings.Repeat("d", 256), "127.0.0.1", "NULL"), "500"},
	"long address":       {request("shop", strings.Repeat("d", 256), "NULL"), "500"},
	"long password":      {request("shop", "127.0.0.1", "PLAIN", "u", strings.Repeat("p", 256)), "500"},
	"many frames":        {append(request("shop", "127.0.0.1", "NULL"), make([]string, 100)...), "500"},
	"empty mechanism":    {request("shop", "127.0.0.1", ""), "400"},
	"unknown mechanism":  {request("shop", "127.0.0.1", "ROT13", "x"), "400"},
	"NULL and more":      {request("shop", "127.0.0.1", "NULL", "x"), "400"},
	"PLAIN, no password": {request("shop", "127.0.0.1", "PLAIN", "u"), "400"},
	"CURVE, no key":      {request("shop", "127.0.0.1", "CURVE"), "400"},
	"CURVE, short key":   {request("shop", "127.0.0.1", "CURVE", key[1:]), "400"},
	"CURVE, long key":    {request("shop", "127.0.0.1", "CURVE", key+"k"), "400"},
	"CURVE, two keys":    {request("shop", "127.0.0.1", "CURVE", key, key), "400"},
	"GSSAPI, nobody":     {request("shop", "127.0.0.1", "GSSAPI"), "400"},
	"only a version":     {[]string{"1.0"}, ""},
	"one empty frame":    {[]string{""}, ""},
}

// Whoever is in the same context and asks nonsense is refused and reported, and the handler goes on.
func TestMalformed(t *testing.T) {
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Any: true}}}, inShop)
	asker := s.asker()
	dropped := uint64(0)
	for name, c := range malformed {
		t.Run(name, func(t *testing.T) {
			if c.status == "" {
				s.Root.Send(asker, messages.Text(append([]string{""}, c.frames...)...))
				dropped++
			} else if reply := s.ask(asker, c.frames...); len(reply) != 6 || reply[0] != "1.0" || reply[1] != "7" || reply[2] != c.status || reply[4]+reply[5] != "" {
				t.Errorf("%q", reply)
			}
			if e, _ := rig.Await[*zap.Malformed](s.zap); e.Answered != (c.status != "") || e.Err.Reason == "" {
				t.Error(e)
			}
			if reply := s.ask(asker, request("shop", "127.0.0.1", "NULL")...); reply[2] != "200" {
				t.Errorf("%q", reply)
			}
		})
	}
	a, err := messages.Call(s.Ctx, s.Root, s.handler, zap.AskCounts{})
	if n := uint64(len(malformed)); err != nil || *a.(*zap.Counts) != (zap.Counts{Accepted: n, Malformed: n - dropped, Dropped: dropped}) {
		t.Error(a, err)
	}
	pid, _ := s.client(socket.Options{})
	s.works(pid)
}

// What has no envelope never reaches the handler; what libzmq's sessions send is untouched by it.
func TestNoEnvelope(t *testing.T) {
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Any: true}}}, inShop)
	asker := s.asker()
	for _, frames := range [][]string{{"x"}, {"x", "y", "z"}, {strings.Repeat("x", 300), "", "1.0"}, {"", ""}, {strings.Repeat("x", 100<<10)}} {
		s.Root.Send(asker, messages.Text(frames...))
	}
	if reply := s.ask(asker, request("shop", "127.0.0.1", "NULL")...); reply[2] != "200" {
		t.Errorf("%q", reply)
	}
	pid, _ := s.client(socket.Options{})
	s.works(pid)
}

// FuzzDecode: any frames are a request that says what they say, or an error that can be answered.
func FuzzDecode(f *testing.F) {
	for _, c := range malformed {
		f.Add([]byte(strings.Join(c.frames, "\n")))
	}
	for _, mechanism := range []string{"NULL", "PLAIN\nuser\npassword", "CURVE\n" + key, "GSSAPI\nprincipal"} {
		f.Add([]byte("1.0\n1\nshop\n127.0.0.1\n\n" + mechanism))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frames := bytes.Split(data, []byte("\n"))
		q, err := zap.Decode(frames)
		if err != nil {
			e, ok := err.(*zap.MalformedError)
			if !ok || q != nil || e.Reason == "" || e.Status != 400 && e.Status != 500 || e.Error() == "" || len(e.Reason) > 300 {
				t.Fatalf("%v %#v", q, err)
			}
			if len(e.ID) > 0 && !bytes.Equal(e.ID, frames[1]) {
				t.Fatalf("id %q of %q", e.ID, frames)
			}
			return
		}
		again := append([]string{"1.0", string(q.ID), q.Domain, q.Address, q.Identity, q.Mechanism}, credentials(q, frames)...)
		if strings.Join(again, "\n") != string(data) {
			t.Fatalf("%q became %q", data, again)
		}
		if q.Password != "" && len(q.Password) > 3 && q.Username == "" && q.Domain == "" && strings.Contains(q.String(), string(q.Password)) &&
			!strings.Contains(`PLAIN user "" from in domain`+q.Address, string(q.Password)) {
			t.Fatalf("%v", q)
		}
	})
}

// credentials are those of q as they were sent.
func credentials(q *zap.Request, frames [][]byte) []string {
	switch q.Mechanism {
	case "PLAIN":
		return []string{q.Username, string(q.Password)}
	case "CURVE":
		return []string{string(frames[6])}
	case "GSSAPI":
		return []string{q.Principal}
	}
	return nil
}
