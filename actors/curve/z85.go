package curve

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// alphabet is that of Z85, RFC 32.
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

const (
	keyBytes = 32
	keyText  = 40
)

// Encode returns the text of a key, as in KeyPair and in socket.Options. ZAP carries the 32 bytes.
func Encode(key [keyBytes]byte) string {
	var s strings.Builder
	for b := key[:]; len(b) > 0; b = b[4:] {
		n := binary.BigEndian.Uint32(b)
		for _, of := range []uint32{85 * 85 * 85 * 85, 85 * 85 * 85, 85 * 85, 85, 1} {
			s.WriteByte(alphabet[n/of%85])
		}
	}
	return s.String()
}

// Decode returns the 32 bytes of a key. Its errors do not quote the text, which may be a secret.
func Decode(text string) ([]byte, error) {
	if len(text) != keyText {
		return nil, fmt.Errorf("%d characters, a key in Z85 has %d", len(text), keyText)
	}
	var out []byte
	for at := 0; at < len(text); at += 5 {
		var n uint64
		for i, c := range []byte(text[at : at+5]) {
			digit := strings.IndexByte(alphabet, c)
			if digit < 0 {
				return nil, fmt.Errorf("character %d is not one of Z85", at+i)
			}
			n = n*85 + uint64(digit)
		}
		if n > math.MaxUint32 {
			return nil, fmt.Errorf("characters %d to %d are no number in Z85", at, at+4)
		}
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	return out, nil
}
