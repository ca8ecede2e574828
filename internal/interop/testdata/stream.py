"""The messages of a test, made here as in stream_test.go, and the tally of those that came or went."""

import hashlib

SIZE = 1 << 20
STEP = 104729  # prime: no two frames of a message begin alike


class Stream:
    """n messages whose content follows from their number.

    Message i is a topic, if there are any, empty frames, "name i", and frames of these sizes.
    """

    block = hashlib.shake_128(b"sockeye").digest(2 * SIZE)

    def __init__(self, name, n, shapes, large, topics=()):
        self.n, self.shapes, self.large = n, shapes, large
        self.name = name.encode()
        self.head = self.name + b" "
        self.topics = [t.encode() for t in topics]

    def message(self, i):
        empty, *sizes = self.shapes[i % len(self.shapes)]
        if i % self.large == self.large - 1:
            sizes = [*sizes, SIZE]
        frames = self.topic(i) + [b""] * empty + [self.head + b"%d" % i]
        at = i * STEP % SIZE
        for size in sizes:
            frames.append(self.block[at : at + size])
            at = (at + STEP) % SIZE
        return frames

    def topic(self, i):
        return [self.topics[i % len(self.topics)]] if self.topics else []

    def index(self, frames):
        """Which message it says it is, -1 if none."""
        named = next((f for f in frames[len(self.topic(0)) :] if f), b"")
        number = named[len(self.head) :]
        return int(number) if named.startswith(self.head) and number.isdigit() else -1


class Tally:
    """Counts messages and checks each: its content, and that its lane is in order.

    Lanes are senders: message i belongs to lane i % lanes. With no lanes any order is right.
    The digest is a sum, so that lanes may interleave.
    """

    def __init__(self, stream, lanes=1):
        self.stream, self.lanes = stream, lanes
        self.last, self.seen = [-1] * lanes, set()
        self.count = self.digest = 0
        self.wrong = ""

    def add(self, frames):
        h = hashlib.sha256()
        for f in frames:
            h.update(len(f).to_bytes(4, "big"))
            h.update(f)
        self.count += 1
        self.digest = (self.digest + int.from_bytes(h.digest()[:8], "big")) % (1 << 64)
        i = self.stream.index(frames)
        if not 0 <= i < self.stream.n or frames != self.stream.message(i):
            self.fault("not as it was sent: " + describe(frames))
        elif self.lanes and i <= self.last[i % self.lanes]:
            self.fault(f"{i} behind {self.last[i % self.lanes]}")
        elif not self.lanes and i in self.seen:
            self.fault(f"{i} twice")
        elif self.lanes:
            self.last[i % self.lanes] = i
        else:
            self.seen.add(i)

    def fault(self, what):
        self.wrong = self.wrong or f"message {self.count - 1}: {what}"

    def total(self):
        return {"count": self.count, "digest": f"{self.digest:016x}", "wrong": self.wrong}


def describe(frames):
    return " ".join(f"{len(f)}:{f[:20]!r}" for f in frames)
