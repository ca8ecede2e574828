package main

import (
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sockeye-mq/sockeye/cluster/embedded"
)

// seats are the etcds inside the members, one each, and where clients reach them. Somebody else may take one of the
// ports before they do; then it has to be run again.
func seats(dir string, names []string) (map[string]embedded.Config, []string, error) {
	var at []string
	for range 2 * len(names) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		defer l.Close()
		at = append(at, "http://"+l.Addr().String())
	}
	all, peers := map[string]embedded.Config{}, map[string]string{}
	for i, name := range names {
		peers[name] = at[len(names)+i]
	}
	for i, name := range names {
		all[name] = embedded.Config{Dir: filepath.Join(dir, name), Name: name, ClientURL: at[i], Peers: peers}
	}
	return all, at[:len(names)], nil
}

func printPeers(peers map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(peers)) {
		all = append(all, name+"="+peers[name])
	}
	return strings.Join(all, ",")
}

func parsePeers(text string) map[string]string {
	peers := map[string]string{}
	for p := range strings.SplitSeq(text, ",") {
		if name, url, ok := strings.Cut(p, "="); ok {
			peers[name] = url
		}
	}
	return peers
}
