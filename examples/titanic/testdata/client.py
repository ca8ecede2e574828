"""A client of the Titanic Service Protocol (RFC 9) over MDP/Client 0.1 (RFC 7).

client.py ENDPOINT REQUESTS MILLISECONDS: stores them all, fetches all replies, closes them, and says how
many were right; asks again on a new REQ when no reply comes, and again when the status is 300 or 500.
"""
import sys
import time
import zmq

endpoint, requests, patience = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
context = zmq.Context()


def ask(service, *body):
    """One try: the reply, or None."""
    req = context.socket(zmq.REQ)
    req.linger = 0
    req.connect(endpoint)
    req.send_multipart([b"MDPC01", service] + list(body))
    reply = None
    if req.poll(patience):
        reply = req.recv_multipart()
        assert reply[:2] == [b"MDPC01", service], reply
    req.close()
    return reply and reply[2:]


def call(service, *body):
    """The status and what follows, when it is not to be asked again."""
    while True:
        reply = ask(service, *body)
        if reply and reply[0][:3] in (b"200", b"400"):
            return reply[0][:3], reply[1:]
        time.sleep(0.02)


uuids = []
for n in range(requests):
    status, rest = call(b"titanic.request", b"echo", b"request %d" % n, b"")
    assert status == b"200" and len(rest) == 1 and len(rest[0]) == 32, (status, rest)
    int(rest[0], 16)
    uuids.append(rest[0])
print("stored", len(set(uuids)), flush=True)
right = gone = 0
for n, uuid in enumerate(uuids):
    for _ in range(2):  # a reply can be had twice
        right += call(b"titanic.reply", uuid) == (b"200", [b"request %d" % n, b""])
    for _ in range(2):  # and be closed twice
        assert call(b"titanic.close", uuid.upper())[0] == b"200"
    gone += call(b"titanic.reply", uuid) == (b"400", [])
print("right", right, flush=True)
print("gone", gone, flush=True)
odd = [call(b"titanic.reply", b"../../../etc/passwd"), call(b"titanic.reply", b"0" * 32), call(b"titanic.reply", uuids[0], b"x"),
       call(b"titanic.close", b"\0" * 32), call(b"titanic.request", b"echo"), call(b"titanic.request", b"titanic.request", b"x"),
       call(b"titanic.request", b"", b"x"), call(b"titanic.request", b"mmi.service", b"x")]
print("odd", sum(x == (b"400", []) for x in odd), flush=True)
