"""A ZeroMQ peer on pyzmq that knows nothing of traces.

rep ENDPOINT       answers "re" and the request, as many times as asked to
router ENDPOINT    the same on a ROUTER: it returns everything up to the first empty frame as it came
req ENDPOINT N     asks N times; correlate instead: with ZMQ_REQ_CORRELATE
traced ENDPOINT    asks on a DEALER, with a context that it has written itself
pull ENDPOINT      receives
push ENDPOINT      sends a few messages

Each prints what it received, a message a line, as JSON.
"""

import json
import signal
import sys

import zmq

signal.alarm(60)
role, endpoint = sys.argv[1:3]
context = zmq.Context()


def say(frames):
    print(json.dumps([f.decode("latin1") for f in frames]), flush=True)


def opened(kind, bind):
    s = context.socket(kind)
    s.linger = 0
    if bind:
        s.bind(endpoint)
        print("at " + s.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode(), flush=True)
    else:
        s.connect(endpoint)
    return s


if role == "rep":
    s = opened(zmq.REP, True)
    while True:
        frames = s.recv_multipart()
        say(frames)
        s.send_multipart([b"re"] + frames)
elif role == "router":
    s = opened(zmq.ROUTER, True)
    while True:
        frames = s.recv_multipart()
        say(frames[1:])
        body = frames.index(b"") + 1
        s.send_multipart(frames[:body] + [b"re"] + frames[body:])
elif role in ("req", "correlate"):
    s = context.socket(zmq.REQ)
    s.linger = 0
    if role == "correlate":
        s.setsockopt(zmq.REQ_CORRELATE, 1)
    s.connect(endpoint)
    for n in range(5):
        s.send_multipart([b"hello", str(n).encode()])
        say(s.recv_multipart())
elif role == "traced":
    s = opened(zmq.DEALER, False)
    mark = b"\0W3C" + b"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000002-01" + b"shop=42,other=a b"
    s.send_multipart([mark, b"", b"hello"])
    say(s.recv_multipart())
elif role == "pull":
    s = opened(zmq.PULL, True)
    while True:
        say(s.recv_multipart())
elif role == "push":
    s = opened(zmq.PUSH, False)
    for frames in ([b"a"], [b"a", b"b"], [b"a", b"\0W3D"], [b"", b""]):
        s.send_multipart(frames)
    sys.stdin.read()
