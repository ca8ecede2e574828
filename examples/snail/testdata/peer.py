"""A publisher or a snail: peer.py ROLE ENDPOINT [MOST]. Times are in milliseconds since 1970."""
import sys
import time

import zmq

role, endpoint, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
context = zmq.Context()


def publish():
    """Publishes the time and a number every millisecond."""
    s = context.socket(zmq.PUB)
    s.setsockopt(zmq.SNDHWM, 0)
    s.bind(endpoint)
    say("at", s.getsockopt_string(zmq.LAST_ENDPOINT))
    n = 0
    while True:
        s.send_multipart([b"%d" % now(), b"%d" % n])
        n += 1
        time.sleep(0.001)


def subscribe():
    """Is a snail: says each number, and dies of a message that is older than MOST, with status 3."""
    s = context.socket(zmq.SUB)
    s.setsockopt(zmq.RCVHWM, 0)
    s.subscribe(b"")
    s.connect(endpoint)
    while True:
        sent, n = s.recv_multipart()
        late = now() - int(sent)
        if late > int(rest[0]):
            say("died", late)
            sys.exit(3)
        say("got", n.decode())


def now():
    return time.time_ns() // 1_000_000


def say(*words):
    print(*words, flush=True)


globals()[role]()
