package embedded_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/sockeye-mq/sockeye/cluster/embedded"
	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) {
	etcdtest.Main()
	rig.Main(m)
}

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*rig.Patience)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, cfg embedded.Config) *embedded.Server {
	t.Helper()
	cfg.UnsafeNoFsync = true
	s, err := embedded.Start(soon(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func client(t *testing.T, s *embedded.Server, cfg clientv3.Config) *clientv3.Client {
	t.Helper()
	cfg.Endpoints, cfg.Logger = s.Endpoints(), zap.NewNop()
	c, err := clientv3.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A server goes on with its data, and says nothing on stderr.
func TestRestart(t *testing.T) {
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stderr
	os.Stderr = stderr
	defer func() { os.Stderr = old }()
	cfg := embedded.Config{Dir: filepath.Join(t.TempDir(), "etcd")}
	s := start(t, cfg)
	c := client(t, s, clientv3.Config{})
	lease, err := c.Grant(soon(t), 60)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(soon(t), "k", "v", clientv3.WithLease(lease.ID)); err != nil {
		t.Fatal(err)
	}
	watch := c.Watch(soon(t), "k")
	began := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if d := time.Since(began); d > 4*time.Second {
		t.Errorf("with a watch open it took %v to close", d)
	}
	s.Close()
	<-s.Done()
	c.Close()
	for range watch {
	}
	s = start(t, cfg)
	got, err := client(t, s, clientv3.Config{}).Get(soon(t), "k")
	if err != nil || len(got.Kvs) != 1 || got.Kvs[0].Lease != int64(lease.ID) {
		t.Errorf("after a restart: %v, %v", got, err)
	}
	s.Close()
	if said, _ := os.ReadFile(stderr.Name()); len(said) > 0 {
		t.Errorf("on stderr: %s", said)
	}
}

// It listens on loopback, and nowhere else.
func TestListens(t *testing.T) {
	s := start(t, embedded.Config{Dir: t.TempDir()})
	for _, at := range s.Endpoints() {
		u, err := url.Parse(at)
		if err != nil || u.Hostname() != "127.0.0.1" || u.Port() == "0" || u.Scheme != "http" {
			t.Errorf("it listens on %s", at)
		}
	}
	other := start(t, embedded.Config{Dir: t.TempDir()})
	if other.Endpoints()[0] == s.Endpoints()[0] {
		t.Error("two have one address")
	}
}

func TestInUse(t *testing.T) {
	cfg := embedded.Config{Dir: t.TempDir()}
	start(t, cfg)
	var used *embedded.InUseError
	if _, err := embedded.Start(soon(t), cfg); !errors.As(err, &used) || used.Dir != cfg.Dir {
		t.Errorf("a second server in one folder: %v", err)
	}
	// One in another process, be it with another lock.
	e := etcdtest.System(t)
	if _, err := embedded.Start(soon(t), embedded.Config{Dir: e.Dir()}); !errors.As(err, &used) {
		t.Errorf("a server in the folder of another etcd: %v", err)
	}
	taken := start(t, embedded.Config{Dir: t.TempDir()}).Endpoints()[0]
	if _, err := embedded.Start(soon(t), embedded.Config{Dir: t.TempDir(), ClientURL: taken}); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("a second server at one address: %v", err)
	}
}

func TestConfig(t *testing.T) {
	files := certificates(t)
	three := map[string]string{"a": "http://127.0.0.1:1001", "b": "http://127.0.0.1:1002", "c": "http://127.0.0.1:1003"}
	for name, c := range map[string]struct {
		cfg     embedded.Config
		address bool // it is about an address
	}{
		"no folder":              {embedded.Config{}, false},
		"everywhere":             {embedded.Config{Dir: "x", ClientURL: "http://0.0.0.0:1"}, true},
		"everywhere, insecure":   {embedded.Config{Dir: "x", ClientURL: "http://0.0.0.0:1", Insecure: true}, true},
		"everywhere, v6":         {embedded.Config{Dir: "x", PeerURL: "http://[::]:1", Insecure: true}, true},
		"plaintext":              {embedded.Config{Dir: "x", ClientURL: "http://192.0.2.1:1"}, true},
		"plaintext among peers":  {embedded.Config{Dir: "x", PeerURL: "http://192.0.2.1:1"}, true},
		"no port":                {embedded.Config{Dir: "x", ClientURL: "http://127.0.0.1"}, true},
		"a name":                 {embedded.Config{Dir: "x", ClientURL: "http://localhost:1"}, true},
		"a scheme":               {embedded.Config{Dir: "x", ClientURL: "unix://127.0.0.1:1"}, true},
		"no certificates":        {embedded.Config{Dir: "x", ClientURL: "https://127.0.0.1:1"}, true},
		"certificates for http":  {embedded.Config{Dir: "x", ClientURL: "http://127.0.0.1:1", ClientTLS: files}, true},
		"two":                    {embedded.Config{Dir: "x", Name: "a", Peers: map[string]string{"a": three["a"], "b": three["b"]}}, false},
		"not among the peers":    {embedded.Config{Dir: "x", Name: "d", Peers: three}, false},
		"two peer URLs":          {embedded.Config{Dir: "x", Name: "a", Peers: three, PeerURL: three["b"]}, false},
		"a peer without a port":  {embedded.Config{Dir: "x", Name: "a", Peers: map[string]string{"a": three["a"], "b": three["b"], "c": "http://127.0.0.1"}}, false},
		"certificates of nobody": {embedded.Config{Dir: t.TempDir(), ClientTLS: &embedded.TLS{CertFile: "none", KeyFile: "none", CAFile: "none"}}, false},
	} {
		var address *embedded.AddressError
		if _, err := embedded.Start(soon(t), c.cfg); err == nil || errors.As(err, &address) != c.address {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a folder was made for nothing")
	}
}

// One of three alone never serves: Start ends with its context, and leaves the folder free.
func TestNoQuorum(t *testing.T) {
	cfg := embedded.Config{Dir: t.TempDir(), Name: "a", UnsafeNoFsync: true, Peers: map[string]string{
		"a": "http://" + etcdtest.Address(), "b": "http://" + etcdtest.Address(), "c": "http://" + etcdtest.Address()}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := embedded.Start(ctx, cfg); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one of three: %v", err)
	}
	free := func() bool {
		lock, err := os.Open(filepath.Join(cfg.Dir, "sockeye.lock"))
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Close()
		return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
	}
	if !free() {
		t.Error("its folder is not free")
	}
	// While etcd begins it cannot be interrupted: then it is free a little later.
	ctx, cancel = context.WithCancel(context.Background())
	cancel()
	if _, err := embedded.Start(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: %v", err)
	}
	rig.Until(t, "its folder is free", free)
}

// With TLS both sides prove themselves.
func TestTLS(t *testing.T) {
	files := certificates(t)
	s := start(t, embedded.Config{Dir: t.TempDir(), ClientTLS: files, PeerTLS: files})
	if !strings.HasPrefix(s.Endpoints()[0], "https://127.0.0.1:") {
		t.Errorf("it serves at %v", s.Endpoints())
	}
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	pool, ca := x509.NewCertPool(), read(t, files.CAFile)
	pool.AppendCertsFromPEM(ca)
	c := client(t, s, clientv3.Config{TLS: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}})
	if _, err := c.Put(soon(t), "k", "v"); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	stranger := client(t, s, clientv3.Config{TLS: &tls.Config{RootCAs: pool}})
	if _, err := stranger.Put(ctx, "k", "v"); err == nil {
		t.Error("a client without a certificate was let in")
	}
}

// What etcd logs goes where it is told to.
func TestLogger(t *testing.T) {
	var n atomic.Int32
	s := start(t, embedded.Config{Dir: t.TempDir(), Logger: slog.New(&counter{slog.DiscardHandler, &n})})
	s.Close()
	if n.Load() == 0 {
		t.Error("nothing was logged")
	}
}

type counter struct {
	slog.Handler
	n *atomic.Int32
}

func (c *counter) Enabled(context.Context, slog.Level) bool { return true }

func (c *counter) Handle(_ context.Context, r slog.Record) error {
	by := false
	r.Attrs(func(a slog.Attr) bool { by = by || a.Key == "by"; return true })
	if by {
		c.n.Add(1)
	}
	return nil
}

func read(t *testing.T, path string) []byte {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// certificates makes one that signs itself.
func certificates(t *testing.T) *embedded.TLS {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	at := write("cert.pem", "CERTIFICATE", cert)
	return &embedded.TLS{CertFile: at, KeyFile: write("key.pem", "EC PRIVATE KEY", private), CAFile: at}
}
