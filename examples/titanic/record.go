package main

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// errCorrupt is a file that is not as it was written.
var errCorrupt = errors.New("corrupt record")

const magic = "TSP\x01"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is what a file holds: magic, a checksum of the rest, and every frame behind its length.
func record(frames [][]byte) []byte {
	b := append([]byte(magic), 0, 0, 0, 0)
	for _, f := range frames {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(f))), f...)
	}
	binary.BigEndian.PutUint32(b[len(magic):], crc32.Checksum(b[len(magic)+4:], castagnoli))
	return b
}

// frames is the opposite of record, whatever b is. The error is errCorrupt.
func frames(b []byte) (all [][]byte, err error) {
	if len(b) < len(magic)+4 || string(b[:len(magic)]) != magic {
		return nil, errCorrupt
	}
	sum, b := binary.BigEndian.Uint32(b[len(magic):]), b[len(magic)+4:]
	if crc32.Checksum(b, castagnoli) != sum {
		return nil, errCorrupt
	}
	for len(b) > 0 {
		if len(b) < 4 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-4) {
			return nil, errCorrupt
		}
		n := 4 + int(binary.BigEndian.Uint32(b))
		all, b = append(all, b[4:n:n]), b[n:]
	}
	return all, nil
}
