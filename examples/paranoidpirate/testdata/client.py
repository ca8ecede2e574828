"""A Lazy Pirate client (the Guide, chapter 4): asks again on a new REQ when no reply comes.

client.py ENDPOINT REQUESTS MILLISECONDS: prints how many replies were right, and how often it asked again.
"""
import sys
import zmq

endpoint, requests, patience = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
context = zmq.Context()


def connect():
    req = context.socket(zmq.REQ)
    req.linger = 0
    req.connect(endpoint)
    return req


req = connect()
right = again = 0
for n in range(requests):
    body = [b"request %d" % n, b"", b"of python"]
    for _ in range(50):
        req.send_multipart(body)
        if req.poll(patience):
            right += req.recv_multipart() == body
            break
        req.close()
        req = connect()
        again += 1
print("right", right, flush=True)
print("again", again, flush=True)
