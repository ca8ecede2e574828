"""A Majordomo worker (RFC 7 and RFC 18): READY, heartbeats both ways, starts over after silence or DISCONNECT.

worker.py ENDPOINT VERSION SERVICE HEARTBEAT-MILLISECONDS HOLD: the first request that ends in HOLD is held
until a line comes in, in 0.2 after a first partial reply. The service "count" says every frame, and then
how many there were; in 0.2 one by one. Others echo.
"""
import sys
import time
import zmq

endpoint, version, service, beat, hold = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode(), int(sys.argv[4]), sys.argv[5].encode()
if version == 1:
    begin, READY, REQUEST, FINAL, HEARTBEAT, DISCONNECT = [b"", b"MDPW01"], b"\1", b"\2", b"\3", b"\4", b"\5"
else:
    begin, READY, REQUEST, PARTIAL, FINAL, HEARTBEAT, DISCONNECT = [b"MDPW02"], b"\1", b"\2", b"\3", b"\4", b"\5", b"\6"
context = zmq.Context()


def say(*frames):
    dealer.send_multipart(begin + list(frames))


def connect():
    global dealer
    dealer = context.socket(zmq.DEALER)
    dealer.linger = 0
    dealer.connect(endpoint)
    say(READY, service)
    print("ready", flush=True)


def work(client, body):
    global hold
    held, late = body[-1] == hold, ""
    final = body
    if service == b"count":
        final = [b"%d" % len(body)]
        if version == 2:
            for part in body:
                say(PARTIAL, client, b"", part)
        else:
            final = body + final
    if held:
        hold, late = None, "late "
        print("holds", flush=True)
        sys.stdin.readline()
    say(FINAL, client, b"", *final)
    print("served", late + body[-1].decode(), flush=True)


connect()
heard = said = time.monotonic()
while True:
    why = None
    if dealer.poll(beat):
        frames = dealer.recv_multipart()
        assert frames[:len(begin)] == begin, frames
        command, rest = frames[len(begin)], frames[len(begin) + 1:]
        if command == REQUEST:
            assert rest[1] == b"" and len(rest) > 2, frames
            work(rest[0], rest[2:])
        elif command == HEARTBEAT:
            assert not rest
        elif command == DISCONNECT:
            assert not rest
            why = "disconnected"
        heard = time.monotonic()
    now = time.monotonic()
    if now - heard > 3 * beat / 1000:
        why = "silent"
    if why:
        print(why, flush=True)
        dealer.close()
        time.sleep(beat / 1000)
        connect()
        heard = said = time.monotonic()
    elif now - said > beat / 1000:
        say(HEARTBEAT)
        said = now
