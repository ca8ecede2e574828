package socket

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// checkTCP checks an address of zmq_tcp(7). A connect may have a source address and ';' in front.
func checkTCP(address string, bind bool) string {
	source, peer, both := strings.Cut(address, ";")
	if !both {
		return checkHostPort(address, bind)
	}
	if bind { // libzmq would ignore the source
		return "only a connect has a source address"
	}
	if strings.HasPrefix(source, "*") {
		return "the source address is one of this host: leave it out for any"
	}
	if reason := checkHostPort(source, true); reason != "" {
		return "source address: " + reason
	}
	return checkHostPort(peer, false)
}

// checkHostPort checks host:port for a bind or a connect.
func checkHostPort(address string, bind bool) string {
	i := strings.LastIndexByte(address, ':')
	if i < 0 {
		return "no port: want host:port"
	}
	host, port := address[:i], address[i+1:]
	if reason := checkPort(port, bind); reason != "" {
		return reason
	}
	switch {
	case host == "" && bind:
		return "no host in front of the port; * is every interface"
	case host == "":
		return "no host in front of the port"
	case host == "*" && bind:
		return ""
	case host == "*":
		return "* is every interface of this host, for a bind"
	case host[0] == '[':
		return checkIPv6(host)
	case strings.IndexByte(host, ':') >= 0: // libzmq takes ::1:5555, which can be read in two ways
		return "an IPv6 address goes in brackets, and a host has one port"
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
		return ""
	}
	if onlyDigits.MatchString(host) { // libzmq takes 127.1 and the like
		return "not an IPv4 address of four numbers up to 255"
	}
	if bind {
		return checkInterface(host)
	}
	return checkHostname(host)
}

// checkPort checks a decimal port. libzmq takes what atoi does, modulo 65536.
func checkPort(port string, bind bool) string {
	switch {
	case port == "":
		return "no port behind the last colon"
	case (port == "*" || port == "0") && bind:
		return ""
	case port == "*" || port == "0":
		return "port " + port + " is for a bind, where the system picks one"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '0' {
		return fmt.Sprintf("port %q: want a number from 1 to 65535", port)
	}
	return ""
}

var (
	zoneName   = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9._-]{0,14}|[1-9][0-9]{0,8})$`)
	onlyDigits = regexp.MustCompile(`^[0-9.]+$`)
	nicName    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$`)
	hostLabel  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$`)
)

// checkIPv6 checks [address] and [address%zone]. That the option IPv6 is on only the bind or
// connect itself can tell.
func checkIPv6(host string) string {
	inner, ok := strings.CutSuffix(host[1:], "]")
	ip, err := netip.ParseAddr(inner)
	switch {
	case !ok || err != nil || !ip.Is6(): // libzmq takes [127.0.0.1]
		return fmt.Sprintf("%s is not an IPv6 address in brackets", host)
	case ip.Zone() != "" && !zoneName.MatchString(ip.Zone()):
		return fmt.Sprintf("zone %q is neither the name nor the number of an interface", ip.Zone())
	}
	return ""
}

// checkInterface checks the name of a network interface, which only the bind itself can look up.
func checkInterface(name string) string {
	if name == "localhost" {
		return "ZeroMQ looks up no names for a bind: use 127.0.0.1"
	}
	if !nicName.MatchString(name) {
		return fmt.Sprintf("%q is neither an address nor the name of a network interface; ZeroMQ looks up no host names for a bind", name)
	}
	return ""
}

// checkHostname checks a name for DNS; underscores are not in RFC 1123 but in use.
func checkHostname(name string) string {
	if len(name) > 253 {
		return fmt.Sprintf("host name of %d bytes, more than 253", len(name))
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if !hostLabel.MatchString(label) {
			return fmt.Sprintf("%q is not a host name", name)
		}
	}
	return ""
}
