"""A Paranoid Pirate queue (RFC 6, 6/PPP): two ROUTERs, heartbeats both ways.

queue.py CLIENTS WORKERS HEARTBEAT-MILLISECONDS: what to bind to.
"""
import sys
import time
import zmq

READY, HEARTBEAT = b"\x01", b"\x02"
context = zmq.Context()
clients, workers = context.socket(zmq.ROUTER), context.socket(zmq.ROUTER)
for socket, endpoint in zip((clients, workers), sys.argv[1:]):
    socket.bind(endpoint)
    print("bound", socket.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)
beat = int(sys.argv[3])
known, idle, said = {}, [], 0.0
while True:
    poller = zmq.Poller()
    poller.register(workers, zmq.POLLIN)
    if idle:
        poller.register(clients, zmq.POLLIN)
    events = dict(poller.poll(beat))
    if workers in events:
        worker, *frames = workers.recv_multipart()
        if frames == [READY]:
            print("ready", flush=True)
            known[worker] = 0.0
            idle.append(worker)
        elif frames == [HEARTBEAT]:
            print("heartbeat", flush=True)
        elif worker in known:
            clients.send_multipart(frames)
            idle.append(worker)
        if worker in known:
            known[worker] = time.monotonic() + 3 * beat / 1000
    elif clients in events:
        workers.send_multipart([idle.pop(0)] + clients.recv_multipart())
    now = time.monotonic()
    if now - said > beat / 1000:
        said = now
        for worker in list(known):
            if known[worker] < now:
                del known[worker]
                idle = [w for w in idle if w != worker]
            else:
                workers.send_multipart([worker, HEARTBEAT])
