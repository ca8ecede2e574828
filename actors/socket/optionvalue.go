package socket

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sockeye-mq/sockeye/messages"
)

const (
	maxInt32        = math.MaxInt32
	maxHWM          = 1<<30 - 1 // the two ends of an inproc connection are added up in an int
	maxDuration     = maxInt32 * time.Millisecond
	maxHeartbeatTTL = math.MaxUint16 * 100 * time.Millisecond
	maxKeepalive    = math.MaxInt16 * time.Second // of the Linux kernel
	maxText         = 255
)

// The checks of a value return why it is wrong, or "". They see no zero values.

func anyValue[T any](T) string { return "" }

func intUpTo(most int) func(int) string {
	return func(v int) string {
		if v < 0 {
			return "negative"
		}
		if v > most {
			return fmt.Sprintf("more than %d", most)
		}
		return ""
	}
}

func checkHWM(v int) string {
	if v == Unlimited {
		return ""
	}
	if v < 0 {
		return "negative; socket.Unlimited is no limit"
	}
	return intUpTo(maxHWM)(v)
}

func checkMaxMsgSize(v int64) string {
	if v < 0 {
		return "negative; the default is the largest frame there is"
	}
	if v > messages.MaxFrame {
		return fmt.Sprintf("more than the %d bytes of the largest frame", messages.MaxFrame)
	}
	return ""
}

func durationWithin(least, most time.Duration) func(time.Duration) string {
	return func(v time.Duration) string {
		switch {
		case v < 0:
			return "negative"
		case v < least:
			return "less than " + least.String() + ", which ZeroMQ would take for 0"
		case v > most:
			return "more than " + most.String()
		}
		return ""
	}
}

var checkDuration = durationWithin(time.Millisecond, maxDuration)

// durationOr also allows the value none, by its name.
func durationOr(none time.Duration, name string) func(time.Duration) string {
	return func(v time.Duration) string {
		if v == none {
			return ""
		}
		if v < 0 {
			return "negative; there is socket." + name
		}
		return checkDuration(v)
	}
}

func checkLinger(v time.Duration) string {
	if v < 0 && v != NoLinger {
		return `negative, ZeroMQ's "for ever", on which terminating the context hangs; there is socket.NoLinger`
	}
	return durationOr(NoLinger, "NoLinger")(v)
}

func checkSwitch(v Switch) string {
	if v != On && v != Off {
		return "neither Default nor On nor Off"
	}
	return ""
}

func checkIdentity(v string) string {
	if len(v) > maxText {
		return fmt.Sprintf("%d bytes, more than %d", len(v), maxText)
	}
	if v[0] == 0 {
		return "starts with a zero byte, which is for the identities that ZeroMQ makes up"
	}
	return ""
}

func checkText(v string) string {
	if len(v) > maxText {
		return fmt.Sprintf("%d bytes, more than %d", len(v), maxText)
	}
	if strings.IndexByte(v, 0) >= 0 {
		return "has a zero byte"
	}
	return ""
}

func checkSocksProxy(v string) string {
	if strings.IndexByte(v, 0) >= 0 {
		return "has a zero byte"
	}
	return checkHostPort(v, false)
}

func ofSecret(check func(string) string) func(Secret) string {
	return func(v Secret) string { return check(string(v)) }
}

// z85 is the alphabet of RFC 32.
const z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

// checkZ85Key says whether v is a CURVE key: 32 bytes in Z85. It never quotes v.
func checkZ85Key(v string) string {
	if len(v) != 40 {
		return fmt.Sprintf("%d characters, a key in Z85 has 40", len(v))
	}
	if i := strings.IndexFunc(v, func(r rune) bool { return !strings.ContainsRune(z85, r) }); i >= 0 {
		return fmt.Sprintf("character %d is not one of Z85", i)
	}
	if decodeZ85(v) == nil {
		return "not a number in Z85"
	}
	return ""
}

// decodeZ85 returns the bytes of v, whose length is a multiple of 5 and whose characters are
// Z85's, or nil when five of them are more than 32 bits.
func decodeZ85(v string) []byte {
	var out []byte
	for ; len(v) > 0; v = v[5:] {
		var n uint64
		for _, c := range []byte(v[:5]) {
			n = n*85 + uint64(strings.IndexByte(z85, c))
		}
		if n > math.MaxUint32 {
			return nil
		}
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	return out
}
