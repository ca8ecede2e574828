package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// Remote says how Proto.Actor's own Remote is to be run, for those who need it beside Sockeye, or instead of
// [Wire]: with the limits that make it lose nothing in silence, and with what a peer sends contained.
type Remote struct {
	// Host is the IP address to listen on, and Port the port, 0 for any. Never a wildcard.
	Host string
	Port int

	// TLS is for both directions: certificates of this process, and who signs those of the others. It must
	// demand certificates of clients. Without it all is plaintext, which is refused anywhere but on loopback:
	// whoever reaches a Remote can send Stop to every actor.
	TLS *tls.Config

	// Insecure allows plaintext, and TLS without client certificates, everywhere.
	Insecure bool

	// MaxMessage is the size of the largest batch of messages taken, in bytes. Default 64 MiB.
	MaxMessage int

	// Logger is told of panics that were contained. Default slog's.
	Logger *slog.Logger
}

// Config is the configuration for remote.NewRemote, or for Proto.Actor's cluster. Against Proto.Actor's defaults
// (2024-08-22):
//
//   - batches of 100 messages and 64 MiB: with 1,000 and gRPC's 4 MiB a batch of 8 KiB messages was lost
//     without a dead letter;
//   - a queue of 1,024 at first, where the default allocates 16 MB for each peer;
//   - one try to reach a peer, of 1 s, instead of five without a limit: each that fails leaks goroutines;
//   - what a peer sends that makes Remote panic, an unknown message type above all, ends that peer's stream and
//     not the process.
//
// Not cured: it waits 2 s after a failed dial, a peer that hangs is never noticed, and there is no limit to
// what waits for one. Wire has neither.
func (r Remote) Config() (*remote.Config, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if r.MaxMessage == 0 {
		r.MaxMessage = 64 << 20
	}
	if r.Logger == nil {
		r.Logger = slog.Default()
	}
	creds := insecure.NewCredentials()
	if r.TLS != nil {
		creds = credentials.NewTLS(r.TLS)
	}
	cfg := remote.Configure(r.Host, r.Port,
		remote.WithEndpointWriterBatchSize(100),
		remote.WithEndpointWriterQueueSize(1024),
		remote.WithEndpointManagerBatchSize(100),
		remote.WithEndpointManagerQueueSize(1024),
		remote.WithServerOptions(grpc.Creds(creds), grpc.MaxRecvMsgSize(r.MaxMessage),
			grpc.StreamInterceptor(r.stream), grpc.UnaryInterceptor(r.unary)),
		remote.WithCallOptions(grpc.MaxCallRecvMsgSize(r.MaxMessage), grpc.MaxCallSendMsgSize(r.MaxMessage)),
		//lint:ignore SA1019 Remote dials by itself, the old way: these keep it from waiting without end
		remote.WithDialOptions(grpc.WithTransportCredentials(creds), grpc.WithBlock(), grpc.FailOnNonTempDialError(true), grpc.WithTimeout(time.Second)))
	cfg.MaxRetryCount = 1
	return cfg, nil
}

func (r Remote) check() error {
	at, err := netip.ParseAddr(r.Host)
	switch {
	case err != nil:
		return &ConfigError{"Remote.Host", r.Host, "want an IP address"}
	case at.IsUnspecified():
		return &ConfigError{"Remote.Host", r.Host, "that is every address of the machine"}
	case r.Port < 0 || r.Port > 65535:
		return &ConfigError{"Remote.Port", r.Port, "no port"}
	case r.MaxMessage < 0:
		return &ConfigError{"Remote.MaxMessage", r.MaxMessage, "negative"}
	case r.Insecure:
	case r.TLS == nil && !at.IsLoopback():
		return &ConfigError{"Remote.TLS", nil, "plaintext anywhere but on loopback has to be insisted on: Insecure"}
	case r.TLS != nil && r.TLS.ClientAuth != tls.RequireAndVerifyClientCert:
		return &ConfigError{"Remote.TLS", r.TLS.ClientAuth, "must demand client certificates, or everybody can stop every actor: tls.RequireAndVerifyClientCert"}
	}
	return nil
}

func (r Remote) stream(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	defer r.contain(info.FullMethod, &err)
	return handle(srv, s)
}

func (r Remote) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (answer any, err error) {
	defer r.contain(info.FullMethod, &err)
	return handle(ctx, request)
}

// contain makes a panic the end of one call.
func (r Remote) contain(method string, err *error) {
	if p := recover(); p != nil {
		r.Logger.Error("sockeye: a peer has sent what Remote cannot take", "method", method, "panic", p, "stack", string(debug.Stack()))
		*err = status.Error(codes.InvalidArgument, fmt.Sprint(p))
	}
}
