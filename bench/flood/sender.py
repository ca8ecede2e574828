"""Sends numbered messages as fast as it can for a while; main.go starts it.

Arguments: the endpoint, the seconds, the size. It prints one JSON object a line: when the first send
had to block, and when it is done. Then it sends the end marker and waits until ZeroMQ has sent all.
"""

import json
import signal
import struct
import sys
import time

import zmq

endpoint, seconds, size = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
signal.alarm(int(seconds) + 120)  # nothing here lives longer, whatever happens to main.go

head = struct.Struct(">QB")  # the number, and whether this is the end
fill = bytes(size - head.size)


def say(**event):
    print(json.dumps(event), flush=True)


context = zmq.Context()
push = context.socket(zmq.PUSH)
push.linger = -1
push.connect(endpoint)

sent = blocked = 0
waited = longest = 0.0
begin = now = time.perf_counter()
while now - begin < seconds:
    message = head.pack(sent, 0) + fill
    try:
        push.send(message, zmq.NOBLOCK)
    except zmq.Again:
        if not blocked:
            say(first=sent)
        blocked += 1
        since = time.perf_counter()
        push.send(message)
        wait = time.perf_counter() - since
        waited += wait
        longest = max(longest, wait)
    sent += 1
    now = time.perf_counter()
say(sent=sent, blocked=blocked, waited=waited, longest=longest, seconds=now - begin)
push.send(head.pack(sent, 1) + fill)
push.close()
context.term()
