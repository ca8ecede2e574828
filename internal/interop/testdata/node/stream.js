// The messages of a test, made here as in stream_test.go, and the tally of those that came or went.
"use strict"

const { createHash } = require("crypto")

const SIZE = 1 << 20
const STEP = 104729 // prime: no two frames of a message begin alike
const EMPTY = Buffer.alloc(0)
const block = createHash("shake128", { outputLength: 2 * SIZE }).update("sockeye").digest()

// Stream is n messages whose content follows from their number. Message i is a topic, if there are
// any, empty frames, "name i", and frames of these sizes.
class Stream {
  constructor({ name, n, shapes, large, topics = [] }) {
    Object.assign(this, { name, n, shapes, large })
    this.head = Buffer.from(name + " ")
    this.topics = topics.map((t) => Buffer.from(t))
  }

  message(i) {
    let [empty, ...sizes] = this.shapes[i % this.shapes.length]
    if (i % this.large === this.large - 1) sizes = [...sizes, SIZE]
    const frames = [...this.topic(i), ...Array(empty).fill(EMPTY), Buffer.from(`${this.name} ${i}`)]
    let at = (i * STEP) % SIZE
    for (const size of sizes) {
      frames.push(block.subarray(at, at + size))
      at = (at + STEP) % SIZE
    }
    return frames
  }

  topic(i) {
    return this.topics.length ? [this.topics[i % this.topics.length]] : []
  }

  // index is which message frames say they are, -1 if none.
  index(frames) {
    const named = frames.slice(this.topic(0).length).find((f) => f.length) ?? EMPTY
    const number = named.subarray(this.head.length).toString("latin1")
    return named.subarray(0, this.head.length).equals(this.head) && /^\d+$/.test(number) ? Number(number) : -1
  }
}

// Tally counts messages and checks each: its content, and that its lane is in order. Lanes are
// senders: message i belongs to lane i % lanes. With no lanes any order is right. The digest is a
// sum, so that lanes may interleave.
class Tally {
  constructor(stream, lanes = 1) {
    Object.assign(this, { stream, lanes, count: 0, digest: 0n, wrong: "" })
    this.last = Array(lanes).fill(-1)
    this.seen = new Set()
  }

  add(frames) {
    const h = createHash("sha256")
    const length = Buffer.alloc(4)
    for (const f of frames) {
      length.writeUInt32BE(f.length)
      h.update(length).update(f)
    }
    this.count++
    this.digest = BigInt.asUintN(64, this.digest + h.digest().readBigUInt64BE())
    const i = this.stream.index(frames)
    const lane = i % this.lanes
    if (i < 0 || i >= this.stream.n || !equal(frames, this.stream.message(i))) {
      this.fault("not as it was sent: " + describe(frames))
    } else if (this.lanes && i <= this.last[lane]) {
      this.fault(`${i} behind ${this.last[lane]}`)
    } else if (!this.lanes && this.seen.has(i)) {
      this.fault(`${i} twice`)
    } else if (this.lanes) {
      this.last[lane] = i
    } else {
      this.seen.add(i)
    }
  }

  fault(what) {
    this.wrong ||= `message ${this.count - 1}: ${what}`
  }

  total() {
    return { count: this.count, digest: this.digest.toString(16).padStart(16, "0"), wrong: this.wrong }
  }
}

function equal(a, b) {
  return a.length === b.length && a.every((f, i) => f.equals(b[i]))
}

function describe(frames) {
  return frames.map((f) => `${f.length}:${JSON.stringify(f.subarray(0, 20).toString("latin1"))}`).join(" ")
}

module.exports = { Stream, Tally, EMPTY, equal, describe }
