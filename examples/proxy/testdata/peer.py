"""One socket at the end of a proxy: peer.py ROLE ENDPOINT [ARGUMENT...]. Says what it does on stdout."""
import sys

import zmq

role, endpoint, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
context = zmq.Context()


def say(*words):
    print(*words, flush=True)


def publish():
    """Binds an XPUB; "send FROM TO" on stdin sends those numbers, in 10 KiB, on topic A and on B."""
    s = context.socket(zmq.XPUB)
    s.bind(endpoint)
    say("at", s.getsockopt_string(zmq.LAST_ENDPOINT))
    poller = zmq.Poller()
    poller.register(s, zmq.POLLIN)
    poller.register(sys.stdin, zmq.POLLIN)
    while True:
        for source, _ in poller.poll():
            if source is s:
                say("subscription", s.recv().hex())
                continue
            line = sys.stdin.buffer.raw.readline()
            if not line:
                return
            first, last = map(int, line.split()[1:])
            for n in range(first, last):
                s.send_multipart([b"A", b"%d" % n, bytes(10240)])
                s.send_multipart([b"B", b"%d" % n, bytes(10240)])


def subscribe():
    """Subscribes to a topic and says each number; "bad" for whatever it should not have got."""
    s = context.socket(zmq.SUB)
    s.setsockopt(zmq.RCVHWM, 10)
    s.setsockopt(zmq.RECONNECT_IVL, 20)
    s.subscribe(rest[0].encode())
    s.connect(endpoint)
    while True:
        frames = s.recv_multipart()
        good = len(frames) == 3 and frames[0] == rest[0].encode() and frames[2] == bytes(10240)
        say("got" if good else "bad", frames[1].decode())


def work():
    """Answers requests with what they are, in upper case; "hold" takes one and never answers."""
    s = context.socket(zmq.REP)
    s.setsockopt(zmq.RECONNECT_IVL, 20)
    s.connect(endpoint)
    say("ready")
    while True:
        frames = s.recv_multipart()
        say("took", frames[0].decode())
        if rest:
            sys.stdin.read()
        s.send_multipart([frames[0].upper()] + frames[1:])


def ask():
    """Asks NAME-0, NAME-1, … and asks again what was not answered in so many ms; says how often it had to."""
    s = context.socket(zmq.REQ)
    for option, value in ((zmq.REQ_RELAXED, 1), (zmq.REQ_CORRELATE, 1), (zmq.RECONNECT_IVL, 20)):
        s.setsockopt(option, value)
    s.connect(endpoint)
    name, count, padding, patience = rest[0], int(rest[1]), bytes(int(rest[2])), int(rest[3])
    again = 0
    for n in range(count):
        text = f"{name}-{n}"
        s.send_multipart([text.encode(), padding])
        while not s.poll(patience):
            again += 1
            s.send_multipart([text.encode(), padding])
        reply = s.recv_multipart()
        if reply != [text.upper().encode(), padding]:
            say("bad", reply[0].decode())
        if n % 10 == 9:
            say("answered", n + 1)
    say("done", again)


def watch():
    """Counts what a capture copies."""
    s = context.socket(zmq.PULL)
    s.setsockopt(zmq.RCVHWM, 10)
    s.connect(endpoint)
    say("ready")
    got = 0
    while True:
        s.recv_multipart()
        got += 1
        say("copies", got)


def flood():
    """A DEALER that sends COUNT requests with SIZE bytes and never takes a reply."""
    s = context.socket(zmq.DEALER)
    s.setsockopt(zmq.RCVHWM, 1)
    s.setsockopt(zmq.RCVBUF, 4096)
    s.connect(endpoint)
    for n in range(int(rest[0])):
        s.send_multipart([b"", b"flood-%d" % n, bytes(int(rest[1]))])
    sys.stdin.read()


globals()[role]()
