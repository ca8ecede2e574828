"""A Majordomo broker for both versions (RFC 7, RFC 18): queues by service, heartbeats, no mmi services.

broker.py ENDPOINT HEARTBEAT-MILLISECONDS
"""
import sys
import time
import zmq

router = zmq.Context().socket(zmq.ROUTER)
router.bind(sys.argv[1])
print("bound", router.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)
beat = int(sys.argv[2])
workers, clients, idle, waiting = {}, {}, {}, {}  # workers: id to [service, version, expiry]
codes = {1: (b"\1", b"\2", None, b"\3", b"\4", b"\5"), 2: (b"\1", b"\2", b"\3", b"\4", b"\5", b"\6")}
said = 0.0


def tell(worker, version, *frames):
    router.send_multipart([worker] + ([b"", b"MDPW01"] if version == 1 else [b"MDPW02"]) + list(frames))


def worker_says(sender, version, command, rest):
    ready, _, partial, final, heartbeat, disconnect = codes[version]
    now = time.monotonic()
    if command == ready and sender not in workers:
        print("ready", flush=True)
        workers[sender] = [rest[0], version, now + 3 * beat / 1000]
        idle.setdefault(rest[0], []).append(sender)
    elif sender not in workers or command in (ready, disconnect):
        drop(sender)
        if command != disconnect:
            tell(sender, version, disconnect)
    else:
        service = workers[sender][0]
        workers[sender][2] = now + 3 * beat / 1000
        if command in (partial, final):
            client, body = rest[0], rest[2:]
            begin = [b"", b"MDPC01", service]
            if clients[client] == 2:
                begin = [b"MDPC02", b"\2" if command == partial else b"\3", service]
            router.send_multipart([client] + begin + body)
            if command == final:
                idle[service].append(sender)


def drop(worker):
    service = workers.pop(worker, [None])[0]
    if worker in idle.get(service, []):
        idle[service].remove(worker)


while True:
    if router.poll(beat):
        sender, *frames = router.recv_multipart()
        version = 2
        if frames[0] == b"":
            version = 1
            frames = frames[1:]
        role, frames = frames[0][3:4], frames[1:]
        if role == b"W":
            worker_says(sender, version, frames[0], frames[1:])
        else:
            if version == 2:
                frames = frames[1:]
            clients[sender] = version
            waiting.setdefault(frames[0], []).append((sender, frames[1:]))
    for service, queue in waiting.items():
        while queue and idle.get(service):
            worker, (client, body) = idle[service].pop(0), queue.pop(0)
            version = workers[worker][1]
            tell(worker, version, codes[version][1], client, b"", *body)
    now = time.monotonic()
    if now - said > beat / 1000:
        said = now
        for worker in list(workers):
            if workers[worker][2] < now:
                drop(worker)
            else:
                tell(worker, workers[worker][1], codes[workers[worker][1]][4])
