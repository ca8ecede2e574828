"""A Titanic (RFC 9) of sorts: three workers of MDP 0.1 (RFC 7) that keep everything in memory and echo.

titanic.py ENDPOINT HEARTBEAT-MILLISECONDS
"""
import sys
import time
import uuid
import zmq

endpoint, beat = sys.argv[1], int(sys.argv[2])
context, poller, dealers, stored = zmq.Context(), zmq.Poller(), {}, {}
for service in (b"titanic.request", b"titanic.reply", b"titanic.close"):
    dealer = context.socket(zmq.DEALER)
    dealer.connect(endpoint)
    dealer.send_multipart([b"", b"MDPW01", b"\1", service])
    dealers[dealer] = service
    poller.register(dealer, zmq.POLLIN)
print("ready", flush=True)


def work(service, body):
    if service == b"titanic.request":
        key = uuid.uuid4().hex.encode()
        stored[key] = [body[1:], 2]
        return [b"200 OK", key]
    if service == b"titanic.close":
        stored.pop(body[0], None)
        return [b"200"]
    if body[0] not in stored:
        return [b"400 never heard of it"]
    stored[body[0]][1] -= 1
    return [b"300 not yet"] if stored[body[0]][1] > 0 else [b"200"] + stored[body[0]][0]


said = time.monotonic()
while True:
    for dealer, _ in poller.poll(beat):
        empty, header, command, *rest = dealer.recv_multipart()
        assert (empty, header) == (b"", b"MDPW01")
        if command == b"\2":
            dealer.send_multipart([b"", b"MDPW01", b"\3", rest[0], b""] + work(dealers[dealer], rest[2:]))
    if time.monotonic() - said > beat / 1000:
        said = time.monotonic()
        for dealer in dealers:
            dealer.send_multipart([b"", b"MDPW01", b"\4"])
