"""A Simple Pirate queue (the Guide, chapter 4): two ROUTERs, requests to the worker that was idle longest.

queue.py CLIENTS WORKERS: what to bind to.
"""
import sys
import zmq

context = zmq.Context()
clients, workers = context.socket(zmq.ROUTER), context.socket(zmq.ROUTER)
for socket, endpoint in zip((clients, workers), sys.argv[1:]):
    socket.bind(endpoint)
    print("bound", socket.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)
idle = []
while True:
    poller = zmq.Poller()
    poller.register(workers, zmq.POLLIN)
    if idle:
        poller.register(clients, zmq.POLLIN)
    events = dict(poller.poll())
    if workers in events:
        worker, empty, *rest = workers.recv_multipart()
        assert empty == b""
        idle.append(worker)
        if rest != [b"\x01"]:
            clients.send_multipart(rest)
    elif clients in events:
        workers.send_multipart([idle.pop(0), b""] + clients.recv_multipart())
