"""A publisher or a subscriber of a last value cache: peer.py ROLE ENDPOINT [TOPIC]."""
import sys

import zmq

role, endpoint, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
context = zmq.Context()


def publish():
    """Publishes, for each line "TOPIC VALUE SIZE" on stdin, the value and so many bytes more."""
    s = context.socket(zmq.PUB)
    s.setsockopt(zmq.SNDHWM, 0)
    monitor = s.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    s.connect(endpoint)
    monitor.recv_multipart()
    # The subscription of the other side follows its handshake: an XPUB would see it, a PUB does not.
    say("ready")
    for line in sys.stdin:
        topic, value, size = line.split()
        s.send_multipart([topic.encode(), value.encode(), bytes(int(size))])


def subscribe():
    """Says topic and value of all that comes, and "bad" when it is no such message."""
    s = context.socket(zmq.SUB)
    s.setsockopt(zmq.RECONNECT_IVL, 20)
    s.setsockopt(zmq.RCVHWM, 10)
    s.subscribe(rest[0].encode())
    s.connect(endpoint)
    while True:
        frames = s.recv_multipart()
        if len(frames) != 3 or not frames[0].startswith(rest[0].encode()):
            say("bad", frames)
        say("got", frames[0].decode(), frames[1].decode())


def say(*words):
    print(*words, flush=True)


globals()[role]()
