"""A Paranoid Pirate worker (RFC 6, 6/PPP): READY, then heartbeats both ways; starts over after silence.

worker.py ENDPOINT HEARTBEAT-MILLISECONDS HOLD: the first request that ends in HOLD is held until a line
comes in, with heartbeats if HOLD begins with "beating ".
"""
import select
import sys
import time
import zmq

READY, HEARTBEAT = b"\x01", b"\x02"
endpoint, beat, hold = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
context = zmq.Context()


def connect():
    dealer = context.socket(zmq.DEALER)
    dealer.linger = 0
    dealer.connect(endpoint)
    dealer.send(READY)
    print("ready", flush=True)
    return dealer


dealer, pause = connect(), beat
heard = said = time.monotonic()
held = None
while True:
    if dealer.poll(beat):
        frames = dealer.recv_multipart()
        heard, pause = time.monotonic(), beat
        if frames == [HEARTBEAT]:
            print("heartbeat", flush=True)
        elif frames[-1] == hold:
            print("holds", flush=True)
            held, hold = frames, None
            if not frames[-1].startswith(b"beating "):
                sys.stdin.readline()
                dealer.send_multipart(held)
                held = None
                print("served late", flush=True)
        else:
            dealer.send_multipart(frames)
            print("served", frames[-1].decode(), flush=True)
    now = time.monotonic()
    if held and select.select([sys.stdin], [], [], 0)[0]:
        sys.stdin.readline()
        dealer.send_multipart(held)
        held = None
        print("served late", flush=True)
    if now - heard > 3 * beat / 1000:
        print("silent", flush=True)
        dealer.close()
        time.sleep(pause / 1000)
        pause = min(2 * pause, 32 * beat)
        dealer = connect()
        heard = said = time.monotonic()
    elif now - said > beat / 1000:
        dealer.send(HEARTBEAT)
        said = now
