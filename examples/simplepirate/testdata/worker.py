"""A Simple Pirate worker (the Guide, chapter 4): a REQ that says it is ready and then echoes.

worker.py ENDPOINT HOLD: the first request that ends in HOLD is held until a line comes in.
"""
import sys
import zmq

endpoint, hold = sys.argv[1], sys.argv[2].encode()
req = zmq.Context().socket(zmq.REQ)
req.linger = 0
req.connect(endpoint)
req.send(b"\x01")
print("ready", flush=True)
while True:
    frames = req.recv_multipart()
    if frames[-1] == hold:
        hold = None
        print("holds", flush=True)
        if not sys.stdin.readline():
            break
    req.send_multipart(frames)
    print("served", frames[-1].decode(), flush=True)
