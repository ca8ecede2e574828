"""An end of RFC 10/FLP: peer.py server ENDPOINT [SIGNAL N], or peer.py client COUNT ENDPOINT..."""
import os
import signal
import sys
import time

import zmq

role, rest = sys.argv[1], sys.argv[2:]
context = zmq.Context()


def server():
    """Answers with the request in upper case, and sends itself SIGNAL with the Nth request in its hands."""
    s = context.socket(zmq.ROUTER)
    s.setsockopt_string(zmq.ROUTING_ID, rest[0])
    s.bind(rest[0])
    say("ready")
    pinged, requests = False, 0
    while True:
        client, *command = s.recv_multipart()
        if command == [b"PING"]:
            s.send_multipart([client, b"PONG"])
            if not pinged:
                say("pinged")
            pinged = True
        elif len(command) > 1:
            requests += 1
            if len(rest) > 1 and requests == int(rest[2]):
                say("gets", rest[1])
                os.kill(os.getpid(), getattr(signal, rest[1]))
            s.send_multipart([client, command[0]] + [frame.upper() for frame in command[1:]])


def client():
    """Asks COUNT times, whoever answers pings; goes to the next after 300 ms. "answer N BY" for each."""
    s = context.socket(zmq.ROUTER)
    s.setsockopt(zmq.RECONNECT_IVL, 20)
    endpoints = rest[1:]
    for endpoint in endpoints:
        s.connect(endpoint)
    heard = {}
    number = 0

    def receive(until):
        """The body of the reply to the current request, or None if none comes in time."""
        while True:
            left = until - time.monotonic()
            if left <= 0 or not s.poll(left * 1000):
                return None, None
            who, *reply = s.recv_multipart()
            heard[who] = time.monotonic()
            if reply != [b"PONG"] and reply[0] == b"c%d" % number:
                return who, reply[1:]

    while number < int(rest[0]):
        number += 1
        answer = None
        while answer is None:
            for endpoint in endpoints:
                s.send_multipart([endpoint.encode(), b"PING"])
            receive(time.monotonic() + 0.02)
            live = [e for e in heard if time.monotonic() - heard[e] < 0.5]
            for who in live:
                s.send_multipart([who, b"c%d" % number, b"ask-%d" % number, b""])
                by, answer = receive(time.monotonic() + 0.3)
                if answer is not None:
                    break
                del heard[who]
        if answer != [b"did ask-%d" % number, b""]:
            say("bad", answer)
        say("answer", number, by.decode())
    say("done")


def say(*words):
    print(*words, flush=True)


globals()[role]()
