"""A REQ that connects, tells of its connection on stdout, and asks for what it reads on stdin.

usage: client.py endpoint null | plain user password | curve server-key key-file | curve server-key public secret
"""

import sys

import zmq
import zmq.auth
from zmq.utils.monitor import recv_monitor_message

NAMES = {
    zmq.EVENT_HANDSHAKE_SUCCEEDED: "in",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refused",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "hung up",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "protocol",
    zmq.EVENT_DISCONNECTED: "disconnected",
}

endpoint, mechanism, *arguments = sys.argv[1:]
socket = zmq.Context().socket(zmq.REQ)
socket.linger = 0
socket.reconnect_ivl = 20
socket.setsockopt(zmq.REQ_RELAXED, 1)
socket.setsockopt(zmq.REQ_CORRELATE, 1)
if mechanism == "plain":
    socket.plain_username, socket.plain_password = (a.encode() for a in arguments)
if mechanism == "curve":
    server, *keys = arguments
    if len(keys) == 1:
        socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(keys[0])
    else:
        socket.curve_publickey, socket.curve_secretkey = (k.encode() for k in keys)
    socket.curve_serverkey = server.encode()

monitor = socket.get_monitor_socket()
socket.connect(endpoint)
poller = zmq.Poller()
for each in socket, monitor, sys.stdin.fileno():
    poller.register(each, zmq.POLLIN)
while True:
    ready = dict(poller.poll())
    if monitor in ready:
        event = recv_monitor_message(monitor)
        if event["event"] in NAMES:
            print(NAMES[event["event"]], event["value"], flush=True)
    if socket in ready:
        print("reply", socket.recv().decode(), flush=True)
    if sys.stdin.fileno() in ready:
        line = sys.stdin.readline()
        if not line:
            break
        socket.send(line.strip().encode())
