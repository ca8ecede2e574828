package cluster_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

func TestRemoteConfig(t *testing.T) {
	for name, r := range map[string]cluster.Remote{
		"a name":                  {Host: "localhost"},
		"everything":              {Host: "0.0.0.0", Insecure: true},
		"plaintext":               {Host: "192.0.2.1"},
		"anybody":                 {Host: "192.0.2.1", TLS: &tls.Config{}},
		"no port":                 {Host: "127.0.0.1", Port: 70_000},
		"negative":                {Host: "127.0.0.1", MaxMessage: -1},
		"anybody, asked politely": {Host: "127.0.0.1", TLS: &tls.Config{ClientAuth: tls.RequestClientCert}},
	} {
		if _, err := r.Config(); !errors.Is(err, messages.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, r := range map[string]cluster.Remote{
		"loopback":   {Host: "127.0.0.1"},
		"insisted":   {Host: "192.0.2.1", Insecure: true},
		"mutual TLS": {Host: "192.0.2.1", TLS: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert}},
	} {
		if _, err := r.Config(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What kills the process of a Remote as it comes ends one stream of this one, and of no other.
func TestRemoteContained(t *testing.T) {
	system, got := listening(t, cluster.Remote{Host: "127.0.0.1"})
	dial := func() remote.RemotingClient {
		c, err := grpc.NewClient(system.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return remote.NewRemotingClient(c)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*rig.Patience)
	defer cancel()
	well, err := dial().Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, batch := range map[string]*remote.MessageBatch{
		"an unknown type":      to(system, "no.such.Type", nil),
		"no type":              {Targets: []*actor.PID{{Id: "got"}}, Envelopes: []*remote.MessageEnvelope{{TypeId: 7}}},
		"garbage":              to(system, "sockeye.messages.Message", []byte{0xff, 0xff, 0xff}),
		"a target that is not": {TypeNames: []string{"x"}, Envelopes: []*remote.MessageEnvelope{{Target: 99}}},
	} {
		s, err := dial().Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&remote.RemoteMessage{MessageType: &remote.RemoteMessage_MessageBatch{MessageBatch: batch}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); err == nil {
			t.Errorf("%s is answered", name)
		}
	}
	if _, err := dial().ListProcesses(ctx, &remote.ListProcessesRequest{}); err == nil {
		t.Error("ListProcesses is answered")
	}
	data, err := proto.Marshal(messages.Text("well"))
	if err != nil {
		t.Fatal(err)
	}
	if err := well.Send(&remote.RemoteMessage{MessageType: &remote.RemoteMessage_MessageBatch{MessageBatch: to(system, "sockeye.messages.Message", data)}}); err != nil {
		t.Fatal(err)
	}
	select {
	case m := <-got:
		if m.Text() != "well" {
			t.Errorf("got %v", m)
		}
	case <-ctx.Done():
		t.Error("nothing came")
	}
}

// Without a certificate nobody gets in.
func TestRemoteTLS(t *testing.T) {
	pool, mine := certificate(t)
	_, strange := certificate(t)
	system, _ := listening(t, cluster.Remote{Host: "127.0.0.1", TLS: &tls.Config{
		Certificates: []tls.Certificate{mine}, RootCAs: pool, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}})
	ctx, cancel := context.WithTimeout(t.Context(), 3*rig.Patience)
	defer cancel()
	for name, c := range map[string]struct {
		creds credentials.TransportCredentials
		in    bool
	}{
		"plaintext":      {insecure.NewCredentials(), false},
		"no certificate": {credentials.NewTLS(&tls.Config{RootCAs: pool}), false},
		"a stranger's":   {credentials.NewTLS(&tls.Config{RootCAs: pool, Certificates: []tls.Certificate{strange}}), false},
		"ours":           {credentials.NewTLS(&tls.Config{RootCAs: pool, Certificates: []tls.Certificate{mine}}), true},
	} {
		client, err := grpc.NewClient(system.Address(), grpc.WithTransportCredentials(c.creds))
		if err != nil {
			t.Fatal(err)
		}
		s, err := remote.NewRemotingClient(client).Receive(ctx)
		if err == nil {
			err = s.Send(&remote.RemoteMessage{MessageType: &remote.RemoteMessage_ConnectRequest{ConnectRequest: &remote.ConnectRequest{
				ConnectionType: &remote.ConnectRequest_ServerConnection{ServerConnection: &remote.ServerConnection{SystemId: "x", Address: "127.0.0.1:1"}}}}})
		}
		if err == nil {
			_, err = s.Recv()
		}
		if (err == nil) != c.in {
			t.Errorf("%s: %v", name, err)
		}
		client.Close()
	}
}

// listening is a system with a Remote, and an actor named "got".
func listening(t *testing.T, r cluster.Remote) (*actor.ActorSystem, chan *messages.Message) {
	system := rig.System(t)
	r.Logger = system.Logger()
	cfg, err := r.Config()
	if err != nil {
		t.Fatal(err)
	}
	far := remote.NewRemote(system, cfg)
	far.Start()
	t.Cleanup(func() { far.Shutdown(false) })
	got := make(chan *messages.Message, 10)
	pid, err := system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			got <- m
		}
	}), "got")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { system.Root.StopFuture(pid).Wait() })
	return system, got
}

// to is a batch of one message for the actor "got".
func to(system *actor.ActorSystem, typ string, data []byte) *remote.MessageBatch {
	return &remote.MessageBatch{TypeNames: []string{typ}, Targets: []*actor.PID{actor.NewPID(system.Address(), "got")},
		Envelopes: []*remote.MessageEnvelope{{MessageData: data}}}
}

// certificate is one that has signed itself, for 127.0.0.1.
func certificate(t *testing.T) (*x509.CertPool, tls.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
