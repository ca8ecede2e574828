package registry

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

var (
	// ErrUnavailable is etcd not reached, or not answering, in the time there was.
	ErrUnavailable = errors.New("etcd is not available")

	// ErrLeft is a Registry that has left.
	ErrLeft = errors.New("the member has left")

	// ErrObserver is a write asked of an observer.
	ErrObserver = errors.New("an observer writes nothing")

	// ErrLeaseLost is a lease that etcd does not have any more.
	ErrLeaseLost = errors.New("the member's lease is gone")

	// ErrClaimGone is a claim whose key is gone although its lease is not: somebody deleted it.
	ErrClaimGone = errors.New("the claim's key is gone")

	// ErrClaimed is a second claim of a name by one Registry.
	ErrClaimed = errors.New("the name is claimed here already")
)

// MemberTakenError is a member's name that a living member has.
type MemberTakenError struct {
	Cluster, Member string
	Err             error // why it was not waited for; nil where it was seen alive
}

func (e *MemberTakenError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("member %s of %s still stands: %v", e.Member, e.Cluster, e.Err)
	}
	return fmt.Sprintf("member %s of %s is alive", e.Member, e.Cluster)
}

// Unwrap returns why it was not waited for.
func (e *MemberTakenError) Unwrap() error { return e.Err }

// NotOwnerError is an announcement by who does not own the name.
type NotOwnerError struct{ Name string }

func (e *NotOwnerError) Error() string { return fmt.Sprintf("%s is not owned here", e.Name) }

// unavailable marks the errors of an etcd that was not reached, or did not answer, with ErrUnavailable.
func unavailable(err error) error {
	if taken := (*MemberTakenError)(nil); err == nil || errors.Is(err, ErrUnavailable) || errors.As(err, &taken) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	code := status.Code(err)
	if etcd := (rpctypes.EtcdError{}); errors.As(err, &etcd) {
		code = etcd.Code()
	}
	switch code {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// leaseNotFound says whether etcd knows that a lease is not there.
func leaseNotFound(err error) bool {
	return errors.Is(err, rpctypes.ErrLeaseNotFound) ||
		status.Code(err) == codes.NotFound && errors.Is(rpctypes.Error(err), rpctypes.ErrLeaseNotFound)
}

// joinError says what Join could not do.
func joinError(cfg Config, err error) error {
	return fmt.Errorf("join %s as %q: %w", cfg.Cluster, cfg.Member, err)
}

func leaveError(cfg Config, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("leave %s: %w", cfg.Cluster, err)
}
