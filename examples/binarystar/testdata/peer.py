"""One of a pair of servers, or a client of the pair.

peer.py server primary|backup FRONT OWN-STATE PEER-STATE BEAT   (BEAT in ms)
peer.py client FIRST SECOND             ("ask N" on stdin asks N times)
"""
import sys
import time

import zmq

role, rest = sys.argv[1], sys.argv[2:]
context = zmq.Context()
PRIMARY, BACKUP, ACTIVE, PASSIVE = 1, 2, 3, 4
NAMES = {1: "primary", 2: "backup", 3: "active", 4: "passive"}


def say(*words):
    print(*words, flush=True)


def server():
    """The states as the Guide's figures have them; says "state X" when it has another."""
    mine, beat = rest[0], int(rest[4]) / 1000
    front, pub, sub = (context.socket(kind) for kind in (zmq.ROUTER, zmq.PUB, zmq.SUB))
    sub.setsockopt(zmq.RECONNECT_IVL, 20)
    sub.subscribe(b"")
    front.bind(rest[1])
    pub.bind(rest[2])
    sub.connect(rest[3])
    state = PRIMARY if mine == "primary" else BACKUP
    said, alive, due = 0, time.monotonic() + 3 * beat, 0
    poller = zmq.Poller()
    poller.register(front, zmq.POLLIN)
    poller.register(sub, zmq.POLLIN)
    while True:
        if state != said:
            say("state", NAMES[state])
            said = state
        now = time.monotonic()
        if now >= due:
            pub.send(b"%d" % state)
            due = now + beat
        events = dict(poller.poll(max(0, (due - now) * 1000)))
        if sub in events:
            peer = int(sub.recv())
            alive = time.monotonic() + 3 * beat
            if state in (PRIMARY, BACKUP) and peer == ACTIVE:
                state = PASSIVE
            elif state == PRIMARY and peer == BACKUP:
                state = ACTIVE
            elif state == PASSIVE and peer in (PRIMARY, BACKUP):
                state = ACTIVE
            elif state == peer and peer in (ACTIVE, PASSIVE):
                say("both", NAMES[state])
                sys.exit(1)
        if front in events:
            request = front.recv_multipart()
            if state in (PRIMARY, PASSIVE) and time.monotonic() > alive:
                state = ACTIVE
            if state == ACTIVE:
                front.send_multipart(request + [mine.encode()])


def client():
    """Asks, and asks the other server when there is no answer in 500 ms; says "answer N BY"."""
    endpoints, at = rest, 0

    def connect():
        s = context.socket(zmq.REQ)
        s.setsockopt(zmq.LINGER, 0)
        s.connect(endpoints[at])
        return s

    s = connect()
    for n in (n for line in sys.stdin for n in range(int(line.split()[1]))):
        s.send(b"%d" % n)
        while not s.poll(500):
            s.close()
            at = 1 - at
            s = connect()
            s.send(b"%d" % n)
        echo, by = s.recv_multipart()
        say("answer" if int(echo) == n else "bad", n, by.decode())


globals()[role]()
