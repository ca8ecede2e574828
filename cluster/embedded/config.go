package embedded

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"
)

const (
	// history is how far back etcd keeps what has been overwritten. A watch that was away for longer reads again.
	history = "5m"
	// progress is how often etcd says of a watch that is quiet where it stands; of one that was told something in between
	// every second time. Twice that, and a tenth for etcd's jitter, is less than history: no watch asks for what is gone.
	progress = 2 * time.Minute
	// quota bounds the database: with more etcd takes no writes. A record of ours is about 1.4 KB.
	quota = 2 << 30
)

// loopback is any free port that only this machine reaches.
const loopback = "127.0.0.1:0"

// TLS names the files, in PEM, of a certificate, its key, and of who has signed those of everybody else: both
// sides of a connection have to prove themselves.
type TLS struct{ CertFile, KeyFile, CAFile string }

// Config says where a server keeps its data, and where it listens.
type Config struct {
	// Dir has the data: required, its own, and kept between runs. It is made where it is missing.
	Dir string

	// Name is the server's in Peers; "sockeye" if it is empty and there are none.
	Name string

	// ClientURL is where members reach it and PeerURL where the other servers do: http or https, an IP address
	// and a port, of which 0 is any that is free. 127.0.0.1 and a free port if they are empty. PeerURL is
	// taken from Peers where there are any, and then has to have a port.
	ClientURL, PeerURL string

	// Peers are all servers of a Raft group, this one among them, name by peer URL: three or more, of which
	// more than half must be up. Without them the server is alone. They count when Dir is new.
	Peers map[string]string

	// ClientTLS and PeerTLS are for https.
	ClientTLS, PeerTLS *TLS

	// Insecure allows http on addresses that other machines reach.
	Insecure bool

	// UnsafeNoFsync does not wait for the disk, for tests: what etcd has promised is lost when the machine stops.
	UnsafeNoFsync bool

	// Logger gets what etcd logs from the level Info on; nil for none.
	Logger *slog.Logger
}

// AddressError is an address that the server will not listen on.
type AddressError struct{ URL, Reason string }

func (e *AddressError) Error() string { return fmt.Sprintf("listen on %s: %s", e.URL, e.Reason) }

// InUseError is a folder that another server works in, in this process or in another.
type InUseError struct{ Dir string }

func (e *InUseError) Error() string { return "another etcd server works in " + e.Dir }

// etcd is the configuration for etcd.
func (cfg *Config) etcd() (*embed.Config, error) {
	if cfg.Dir == "" {
		return nil, errors.New("no folder for the data")
	}
	if cfg.Name == "" && len(cfg.Peers) == 0 {
		cfg.Name = "sockeye"
	}
	peerURL, err := cfg.peer()
	if err != nil {
		return nil, err
	}
	c := embed.NewConfig()
	c.Dir, c.Name = cfg.Dir, cfg.Name
	client, err := listen(cfg.ClientURL, cfg.ClientTLS, cfg.Insecure)
	if err != nil {
		return nil, err
	}
	peer, err := listen(peerURL, cfg.PeerTLS, cfg.Insecure)
	if err != nil {
		return nil, err
	}
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	if err := errors.Join(cfg.ClientTLS.check(), cfg.PeerTLS.check()); err != nil {
		return nil, err
	}
	c.ClientTLSInfo, c.PeerTLSInfo = cfg.ClientTLS.info(), cfg.PeerTLS.info()
	c.InitialCluster = cfg.Name + "=" + peer.String()
	c.TickMs, c.ElectionMs = 50, 500 // alone: nobody to disagree with
	if len(cfg.Peers) > 0 {
		c.TickMs, c.ElectionMs = 100, 1000 // for round trips of 10 ms and less
		var all []string
		for name, url := range cfg.Peers {
			all = append(all, name+"="+url)
		}
		c.InitialCluster = strings.Join(all, ",")
	}
	c.AutoCompactionMode, c.AutoCompactionRetention = "periodic", history
	c.WatchProgressNotifyInterval = progress
	c.QuotaBackendBytes = quota
	c.EnableGRPCGateway = false
	c.UnsafeNoFsync = cfg.UnsafeNoFsync
	return c, nil
}

// peer is the server's own peer URL.
func (cfg *Config) peer() (string, error) {
	if len(cfg.Peers) == 0 {
		return cfg.PeerURL, nil
	}
	own, ok := cfg.Peers[cfg.Name]
	switch {
	case !ok:
		return "", fmt.Errorf("the server %q is not among its peers", cfg.Name)
	case cfg.PeerURL != "" && cfg.PeerURL != own:
		return "", fmt.Errorf("the server %q has two peer URLs: %s and %s", cfg.Name, cfg.PeerURL, own)
	case len(cfg.Peers) < 3:
		return "", fmt.Errorf("a group of %d servers: want none, or three or more", len(cfg.Peers))
	}
	for name, peer := range cfg.Peers {
		if u, err := url.Parse(peer); err != nil || u.Port() == "" || u.Port() == "0" || strings.ContainsAny(name, "=,") {
			return "", fmt.Errorf("the peer %q at %q: want a URL with a port", name, peer)
		}
	}
	return own, nil
}

// listen is an address to listen on.
func listen(at string, t *TLS, insecure bool) (url.URL, error) {
	if at == "" {
		if at = "http://" + loopback; t != nil {
			at = "https://" + loopback
		}
	}
	u, err := url.Parse(at)
	if err != nil {
		return url.URL{}, &AddressError{at, "it is not a URL"}
	}
	host, err := netip.ParseAddr(u.Hostname())
	reason := ""
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Port() == "" || u.Path != "":
		reason = "want http or https, an IP address and a port"
	case err != nil:
		reason = "want an IP address"
	case host.IsUnspecified():
		reason = "that is every address of the machine"
	case u.Scheme == "https" && t == nil:
		reason = "https wants certificates"
	case u.Scheme == "http" && t != nil:
		reason = "the certificates want https"
	case u.Scheme == "http" && !host.IsLoopback() && !insecure:
		reason = "without TLS only this machine is allowed in"
	}
	if reason != "" {
		return url.URL{}, &AddressError{at, reason}
	}
	return *u, nil
}

// check reads the files: etcd would serve first, and fail then.
func (t *TLS) check() error {
	if t == nil {
		return nil
	}
	_, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err == nil {
		_, err = os.Stat(t.CAFile)
	}
	if err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	return nil
}

func (t *TLS) info() transport.TLSInfo {
	if t == nil {
		return transport.TLSInfo{}
	}
	return transport.TLSInfo{CertFile: t.CertFile, KeyFile: t.KeyFile, TrustedCAFile: t.CAFile, ClientCertAuth: true}
}
