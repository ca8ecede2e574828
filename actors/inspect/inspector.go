package inspect

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Config of an Inspector. The zero value shows everything to this machine, and changes nothing.
type Config struct {
	// Actions lets the page pause, resume, drain and restart sockets. Default: it only looks.
	Actions bool

	// Remote lets other machines in, too. Put your own authentication before the handler then: there is none
	// here. Default: requests from the loopback interface and over Unix sockets only, others get 403.
	Remote bool

	// Hosts are the names by which the page may be asked for, besides localhost and IP addresses. Any other
	// name in a request's Host gets 403: it may be that of a web site which has had its name point here
	// (DNS rebinding). For a page behind a proxy, and for Remote.
	Hosts []string

	// Interval is how old what is shown may be: so often the sockets are looked at while somebody watches,
	// whoever many. Default 1 s, at least 100 ms.
	Interval time.Duration
}

// Inspector is an http.Handler that shows an actor system: a page, and under api/ the JSON that it is made
// of; see docs/inspect.md. Mount it anywhere, under a path with http.StripPrefix:
//
//	mux.Handle("/sockeye/", http.StripPrefix("/sockeye", page))
type Inspector struct {
	system  *actor.ActorSystem
	cfg     Config
	looks   looks
	history history
	origin  *http.CrossOriginProtection
	mux     *http.ServeMux
}

//go:embed page
var files embed.FS

// New returns the inspector of a system. It listens to the events of the sockets until Close.
func New(system *actor.ActorSystem, cfg Config) *Inspector {
	if cfg.Interval <= 0 {
		cfg.Interval = time.Second
	}
	cfg.Interval = max(cfg.Interval, 100*time.Millisecond)
	i := &Inspector{system: system, cfg: cfg, origin: http.NewCrossOriginProtection(), mux: http.NewServeMux()}
	i.looks = looks{system: system, every: cfg.Interval}
	i.history.listen(system)
	page, err := fs.Sub(files, "page")
	if err != nil {
		panic(err) // it is embedded
	}
	i.mux.Handle("GET /", http.FileServerFS(page))
	i.mux.HandleFunc("GET /api/state", i.state)
	i.mux.HandleFunc("GET /api/sockets", i.sockets)
	i.mux.HandleFunc("GET /api/socket", i.socket)
	i.mux.HandleFunc("GET /api/tree", i.tree)
	i.mux.HandleFunc("GET /api/events", i.events)
	i.mux.HandleFunc("GET /api/snapshot", i.snapshot)
	i.mux.HandleFunc("POST /api/{action}", i.act)
	return i
}

// Close ends the streams of events, and listens no more. The rest still answers.
func (i *Inspector) Close() { i.history.close() }

// ServeHTTP implements http.Handler.
func (i *Inspector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if why := i.refuses(r); why != "" {
		http.Error(w, why, http.StatusForbidden)
		return
	}
	if r.URL.Path == "" { // mounted with StripPrefix and asked for without the last slash
		r = r.Clone(r.Context())
		r.URL.Path = "/"
	}
	i.mux.ServeHTTP(w, r)
}

// refuses says why a request is not answered; "": it is.
func (i *Inspector) refuses(r *http.Request) string {
	if !i.cfg.Remote && !local(r.RemoteAddr) {
		return "only for this machine (inspect.Config.Remote)"
	}
	if !i.known(r.Host) {
		return "not known by this name (inspect.Config.Hosts)"
	}
	if err := i.origin.Check(r); err != nil {
		return err.Error()
	}
	return ""
}

// local reports whether a peer is on this machine: over loopback, or over a Unix socket, which has no address.
func local(peer string) bool {
	at, err := netip.ParseAddrPort(peer)
	if err != nil {
		return peer == "" || peer == "@" || strings.HasPrefix(peer, "/")
	}
	return at.Addr().Unmap().IsLoopback()
}

// known reports whether a Host is one that nobody else can have made up: an address, localhost, or one that
// Config names.
func (i *Inspector) known(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	if strings.EqualFold(name, "localhost") {
		return true
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return slices.ContainsFunc(i.cfg.Hosts, func(h string) bool { return strings.EqualFold(h, name) || strings.EqualFold(h, host) })
}

// answer writes JSON.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) // an error here is a client that went away
}

func (i *Inspector) snapshot(w http.ResponseWriter, _ *http.Request) {
	answer(w, i.looks.now().Snapshot)
}
