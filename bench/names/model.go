package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
	"time"
)

// costs is what was measured, each with the largest load of its kind.
type costs struct {
	IdleCPU    float64 // cores, with all members connected and silent
	RenewalCPU float64 // seconds for each renewal
	StreamCPU  float64 // the same on a stream that stands, which members do not use
	BaseMemory float64 // bytes of a server that has nothing

	MemberMemory, RecordMemory, ClaimMemory, WatchMemory float64 // bytes for each
	RecordDisk, ClaimDisk                                float64 // bytes of the database for each

	WatchTime float64 // seconds until one more watch is made again, by all members together
	StaleTime float64 // the same where etcd has forgotten what it asks for, and it is read and made once more
	PutTime   float64 // seconds for each key that is put
	MoveTime  float64 // seconds for each name whose owner is gone, until the next record is put
}

// cluster is what is asked about.
type cluster struct {
	Members, Names int
	Followers      int // processes that follow each name
	Candidates     int // members that claim each name, the owner included
	TTL            time.Duration
}

// need is what a cluster needs of its one etcd.
type need struct {
	Watches int
	CPU     float64       // cores, when nothing happens
	Memory  float64       // bytes, resident
	Disk    float64       // bytes of the database, without what is overwritten
	Rewatch time.Duration // after a restart of etcd: until everybody hears of changes again
	Stale   time.Duration // the same where nothing was heard of the names since the last compaction
	Again   time.Duration // after a wiped disk: until everything is put again
	Move    time.Duration // after the death of one member, from the end of its lease on: until its names are served
}

// of is the arithmetic of docs/cluster-sizing.md.
func (c costs) of(l cluster) need {
	members, names, queued := float64(l.Members), float64(l.Names), float64(l.Names*l.Candidates)
	watches := l.Names*(l.Followers+l.Candidates) + l.Members // each member watches the base, too
	return need{
		Watches: watches,
		CPU:     c.IdleCPU + members*3/l.TTL.Seconds()*c.RenewalCPU,
		Memory: c.BaseMemory + members*c.MemberMemory + names*c.RecordMemory + queued*c.ClaimMemory +
			float64(watches)*c.WatchMemory,
		Disk:    names*c.RecordDisk + queued*c.ClaimDisk,
		Rewatch: seconds(float64(watches) * c.WatchTime),
		Stale:   seconds(float64(watches) * c.StaleTime),
		Again:   seconds((names + queued) * c.PutTime),
		Move:    seconds(names / math.Max(1, members) * c.MoveTime),
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// What one etcd may be asked for. Beyond that something else must take over.
const (
	mostCPU     = 0.5              // cores, for renewals: the rest is for what happens at once
	mostMemory  = 4 << 30          // bytes
	mostDisk    = 2 << 30          // bytes: etcd's quota, of its own accord and in cluster/embedded
	mostRewatch = 30 * time.Second // until everybody hears of changes again
)

// beyond is which of the limits a need is beyond, in the order in which they hurt.
func (n need) beyond() (all []string) {
	if n.CPU > mostCPU {
		all = append(all, "CPU")
	}
	if max(n.Rewatch, n.Stale) > mostRewatch {
		all = append(all, "re-watch")
	}
	if n.Memory > mostMemory {
		all = append(all, "memory")
	}
	if n.Disk > mostDisk {
		all = append(all, "database")
	}
	return all
}

// mostMembers is how many members one etcd can have at a TTL.
func (c costs) mostMembers(ttl time.Duration) int {
	return int(math.Max(0, (mostCPU-c.IdleCPU)*ttl.Seconds()/(3*c.RenewalCPU)))
}

// mostWatches is how many watches of all members together are made again in time.
func (c costs) mostWatches() int { return int(mostRewatch.Seconds() / max(c.WatchTime, c.StaleTime)) }

// costs takes them from the report.
func (r *report) costs() (c costs, err error) {
	for _, f := range []struct {
		to          *float64
		phase, what string
		unit        float64
	}{
		{&c.RenewalCPU, "renewals", "etcd CPU for each, the highest", 1e-6},
		{&c.StreamCPU, "renewals", "etcd CPU for each, on a stream that stands", 1e-6},
		{&c.MemberMemory, "renewals", "resident memory for each", 1},
		{&c.BaseMemory, "renewals", "resident memory without members", 1 << 20},
		{&c.IdleCPU, "renewals", "etcd CPU, silent", 1},
		{&c.RecordMemory, "records", "resident memory for each", 1},
		{&c.RecordDisk, "records", "database for each", 1},
		{&c.PutTime, "records", "time for each", 1e-3},
		{&c.ClaimMemory, "claims", "resident memory for each", 1},
		{&c.ClaimDisk, "claims", "database for each", 1},
		{&c.WatchMemory, "watches", "resident memory for each", 1},
		{&c.WatchTime, "watches", "time for each made again", 1e-3},
		{&c.StaleTime, "watches", "time for each made again, compacted", 1e-3},
		{&c.MoveTime, "election", "until all records are put, for each name", 1e-3},
	} {
		v, e := r.last(f.phase, f.what)
		err = errors.Join(err, e)
		*f.to = v * f.unit
	}
	return c, err
}

// extrapolation is what the model says of larger clusters.
func extrapolation(c costs) string {
	var text strings.Builder
	fmt.Fprintf(&text, "extrapolation, from the largest load of each kind\n")
	fmt.Fprintf(&text, "  etcd CPU: %s cores + %s ms for each of members x 3 / TTL renewals a second (%s ms on a stream that stands)\n",
		short(c.IdleCPU), short(c.RenewalCPU*1e3), short(c.StreamCPU*1e3))
	fmt.Fprintf(&text, "  memory: %s MiB + %s KB a member + %s KB a name + %s KB a claim + %s KB a watch\n", short(c.BaseMemory/(1<<20)),
		short(c.MemberMemory/1e3), short(c.RecordMemory/1e3), short(c.ClaimMemory/1e3), short(c.WatchMemory/1e3))
	fmt.Fprintf(&text, "  re-watch: %s ms a watch, %s ms after a compaction; names x (followers + candidates) + members of them\n\n",
		short(c.WatchTime*1e3), short(c.StaleTime*1e3))
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "members\tnames\tfollowers\tcandidates\tTTL s\twatches\tCPU cores\tmemory MiB\tdatabase MiB\tre-watch s\tcompacted s\tall put again s\ta member dies s\t  beyond")
	for _, l := range asked {
		n := c.of(l)
		beyond := strings.Join(n.beyond(), ", ")
		if beyond == "" {
			beyond = "-"
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%.0f\t%d\t%.2f\t%.0f\t%.0f\t%.1f\t%.1f\t%.1f\t%.2f\t  %s\n", l.Members, l.Names, l.Followers, l.Candidates,
			l.TTL.Seconds(), n.Watches, n.CPU, n.Memory/(1<<20), n.Disk/(1<<20), n.Rewatch.Seconds(), n.Stale.Seconds(), n.Again.Seconds(), n.Move.Seconds(), beyond)
	}
	w.Flush()
	fmt.Fprintf(&text, "\n  limits: %.1f cores, re-watch in %.0f s, %d MiB of memory, %d MiB of database\n", mostCPU, mostRewatch.Seconds(), mostMemory>>20, mostDisk>>20)
	for _, ttl := range []time.Duration{3 * time.Second, 10 * time.Second, 30 * time.Second} {
		fmt.Fprintf(&text, "  the step: at TTL %.0f s, beyond %d members\n", ttl.Seconds(), c.mostMembers(ttl))
	}
	fmt.Fprintf(&text, "  the step: beyond %d watches of all members together\n", c.mostWatches())
	return text.String()
}

// asked is what the extrapolation is about.
var asked = []cluster{
	{10, 100, 10, 3, 3 * time.Second},
	{100, 1_000, 10, 3, 3 * time.Second},
	{300, 10_000, 3, 3, 3 * time.Second},
	{1_000, 10_000, 3, 3, 3 * time.Second},
	{1_000, 10_000, 3, 3, 10 * time.Second},
	{1_000, 100_000, 1, 1, 10 * time.Second},
	{1_000, 100_000, 3, 3, 10 * time.Second},
	{1_000, 100_000, 10, 3, 10 * time.Second},
	{1_000, 100_000, 3, 3, 30 * time.Second},
	{3_000, 100_000, 3, 3, 30 * time.Second},
}
