package main

import "iter"

// request is files to count, several small ones or a piece of a large one: a frame for each.
type request struct {
	frames [][]byte
	size   int64
	files  int64 // how many files end here
	halves int64 // how many frames begin amid a word, which is counted with the frame before
}

const (
	maxFrames = 64
	maxSize   = pieceSize
)

// requests reads the files one by one and cuts them into requests, wherever a cut falls. What
// cannot be read is told to warn.
func requests(files []file, warn func(error)) iter.Seq[*request] {
	return func(yield func(*request) bool) {
		r := &request{}
		for _, f := range files {
			var before []byte
			var failed error
			for piece, err := range f.pieces() {
				if len(r.frames) == maxFrames || len(r.frames) > 0 && r.size+int64(len(piece)) > maxSize {
					if !yield(r) {
						return
					}
					r = &request{}
				}
				r.add(piece, before)
				before, failed = piece, err
			}
			if failed != nil {
				warn(failed)
				continue
			}
			r.files++
		}
		if len(r.frames) > 0 {
			yield(r)
		}
	}
}

// add adds a piece of a file, of which before is the piece before.
func (r *request) add(piece, before []byte) {
	r.frames = append(r.frames, piece)
	r.size += int64(len(piece))
	if len(before) > 0 && len(piece) > 0 && !space(before[len(before)-1]) && !space(piece[0]) {
		r.halves++
	}
}

// total is what the request counts for when frames is the sum of its frames.
func (r *request) total(frames counts) counts {
	frames.files += r.files
	frames.words -= r.halves
	return frames
}
