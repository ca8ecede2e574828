"""A Majordomo client (RFC 7: REQ; RFC 18: DEALER) that asks again on a new socket.

client.py ENDPOINT VERSION SERVICE REQUESTS MILLISECONDS: prints how many replies were right, how many
partial replies there were, and how often it asked again. A service whose name begins with "mmi." is asked
about each of the names that follow.
"""
import sys
import zmq

endpoint, version, service, requests, patience = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode(), int(sys.argv[4]), int(sys.argv[5])
context = zmq.Context()


def connect():
    socket = context.socket(zmq.REQ if version == 1 else zmq.DEALER)
    socket.linger = 0
    socket.connect(endpoint)
    return socket


def ask(body):
    """All the frames of the reply, and how many came before the final one; None when there is none."""
    socket.send_multipart([b"MDPC01", service] + body if version == 1 else [b"MDPC02", b"\1", service] + body)
    said, partials = [], 0
    while socket.poll(patience):
        frames = socket.recv_multipart()
        if version == 1:
            assert frames[:2] == [b"MDPC01", service] and len(frames) > 2, frames
            return frames[2:], 0
        assert frames[0] == b"MDPC02" and frames[2] == service and len(frames) > 3, frames
        said += frames[3:]
        if frames[1] == b"\3":
            return said, partials
        assert frames[1] == b"\2", frames
        partials += 1
    return None


socket = connect()
if service.startswith(b"mmi."):
    for name in sys.argv[6:]:
        print(name, b" ".join(ask([name.encode()])[0]).decode(), flush=True)
    sys.exit()
right = again = partials = 0
for n in range(requests):
    body = [b"this", b"", b"request %d" % n]
    want = body + [b"3"] if service == b"count" else body
    for _ in range(50):
        reply = ask(body)
        if reply:
            right += reply[0] == want
            partials += reply[1]
            break
        socket.close()
        socket = connect()
        again += 1
print("right", right, flush=True)
print("partials", partials, flush=True)
print("again", again, flush=True)
