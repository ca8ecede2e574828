"""An end of RFC 12/CHP.

peer.py server PATH                 a server alone, at ipc://PATH.p0, .p1 and .p2
peer.py client SUBTREE PATH...      a client of the servers, in this order; "set KEY VALUE TTL" on stdin
"""
import struct
import sys
import time
import uuid

import zmq

role, rest = sys.argv[1], sys.argv[2:]
context = zmq.Context()


def say(*words):
    print(*words, flush=True)


def kv(key, sequence, value, tag=b"", props=b""):
    return [key, struct.pack("!Q", sequence), tag, props, value]


def end(kind, path, n, bind):
    s = context.socket(kind)
    s.setsockopt(zmq.LINGER, 0)
    s.setsockopt(zmq.RECONNECT_IVL, 20)
    if kind == zmq.SUB and bind:
        s.subscribe(b"")
    (s.bind if bind else s.connect)(f"ipc://{path}.p{n}")
    return s


def server():
    router, pub, sub = (end(kind, rest[0], n, True) for n, kind in enumerate((zmq.ROUTER, zmq.PUB, zmq.SUB)))
    table, dies, sequence = {}, {}, 0
    say("ready")
    poller = zmq.Poller()
    poller.register(router, zmq.POLLIN)
    poller.register(sub, zmq.POLLIN)
    while True:
        events = dict(poller.poll(50))
        if router in events:
            client, word, subtree = router.recv_multipart()
            assert word == b"ICANHAZ?", word
            for key, value in table.items():
                if key.startswith(subtree):
                    router.send_multipart([client] + kv(key, 0, value))
            router.send_multipart([client] + kv(b"KTHXBAI", sequence, subtree))
            say("snapshot", sequence)
        if sub in events:
            key, _, tag, props, value = sub.recv_multipart()
            sequence += 1
            pub.send_multipart(kv(key, sequence, value, tag, props))
            if value:
                table[key] = value
            else:
                table.pop(key, None)
            for line in props.splitlines():
                if line.startswith(b"ttl="):
                    dies[key] = time.monotonic() + int(line[4:])
            say("set", sequence)
        for key in [key for key in dies if dies[key] < time.monotonic()]:
            del dies[key], table[key]
            sequence += 1
            pub.send_multipart(kv(key, sequence, b""))
        pub.send_multipart(kv(b"HUGZ", 0, b""))


def client():
    """Says "snapshot N", "has KEY VALUE", "gone KEY" and "turns" when its server gives no HUGZ for 500 ms."""
    subtree, paths = rest[0].encode(), rest[1:]
    subs = [end(zmq.SUB, path, 1, False) for path in paths]
    for s in subs:
        s.subscribe(subtree)
        s.subscribe(b"HUGZ")
    pub = context.socket(zmq.PUB)
    for path in paths:
        pub.connect(f"ipc://{path}.p2")
    at, table = 0, {}
    while True:
        dealer = end(zmq.DEALER, paths[at], 0, False)
        dealer.send_multipart([b"ICANHAZ?", subtree])
        fresh, sequence = {}, None
        while sequence is None and dealer.poll(500):
            key, number, _, _, value = dealer.recv_multipart()
            if key == b"KTHXBAI" and value == subtree:
                sequence = struct.unpack("!Q", number)[0]
            else:
                fresh[key] = value
        dealer.close()
        if sequence is None:
            at = (at + 1) % len(paths)
            continue
        for key in sorted(fresh.keys() | table.keys()):
            if fresh.get(key) != table.get(key):
                say("has", key.decode(), fresh[key].decode()) if key in fresh else say("gone", key.decode())
        table = fresh
        say("snapshot", sequence, len(table))
        poller = zmq.Poller()
        poller.register(subs[at], zmq.POLLIN)
        poller.register(sys.stdin, zmq.POLLIN)
        heard = time.monotonic()
        while time.monotonic() < heard + 0.5:
            for source, _ in poller.poll(100):
                if source != subs[at]:
                    _, key, value, ttl = sys.stdin.buffer.raw.readline().decode().split()
                    props = b"ttl=" + ttl.encode() + b"\n" if ttl != "0" else b""
                    value = b"" if value == "-" else value.encode()
                    pub.send_multipart(kv(key.encode(), 0, value, uuid.uuid4().bytes, props))
                    continue
                heard = time.monotonic()
                key, number, _, _, value = subs[at].recv_multipart()
                number = struct.unpack("!Q", number)[0]
                if key == b"HUGZ" or number <= sequence:
                    continue
                sequence = number
                if value:
                    table[key] = value
                    say("has", key.decode(), value.decode())
                else:
                    table.pop(key, None)
                    say("gone", key.decode())
        say("turns")
        at = (at + 1) % len(paths)


globals()[role]()
