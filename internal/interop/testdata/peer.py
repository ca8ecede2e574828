"""A ZeroMQ peer on pyzmq that shares nothing with Sockeye but the wire. peer_test.go starts it.

Its argument is the job as JSON. It prints one JSON object a line: {"at": [...]} when its sockets
are open, {"sent": ..., "received": ...} when it is done. Then it waits for the end of stdin, so
that no connection ends before the other side says so. "version" instead of a job makes it say what it
is made of.
"""

import collections
import faulthandler
import json
import os
import signal
import sys
import threading
import traceback

import zmq
from zmq.auth.thread import ThreadAuthenticator

from stream import Stream, Tally, describe

signal.alarm(60)  # nothing here lives longer, whatever happens to the test
faulthandler.register(signal.SIGTERM, chain=True)  # whoever ends it wants to know where it was

context = zmq.Context()
closers = []  # what is to be called at the end
kept = []  # the sockets, which pyzmq closes when nobody refers to them


def say(**event):
    print(json.dumps(event), flush=True)


def opened(job):
    """Opens a socket for each address; says where they are."""
    security, sockets = job.get("security"), []
    if security and security["server"]:
        authenticate(**security)
    for address in job.get("bind") or job["connect"]:
        s = context.socket(getattr(zmq, job["types"][len(sockets) % len(job["types"])]))
        for name, value in job.get("options", {}).items():
            s.setsockopt(getattr(zmq, name), value)
        if job.get("identities"):
            s.setsockopt(zmq.IDENTITY, job["identities"][len(sockets)].encode("latin1"))
        if security:
            secure(s, **security)
        if job.get("bind"):
            s.bind(address)
        else:
            s.connect(address)
        sockets.append(s)
    kept.extend(sockets)
    say(at=[s.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode() for s in sockets])
    return sockets


def secure(s, mechanism, server, domain, username, password, public, secret, peer, **_):
    """Gives a socket its side of a security mechanism."""
    if server:
        s.zap_domain = domain.encode()
    if mechanism == "PLAIN" and server:
        s.plain_server = True
    elif mechanism == "PLAIN":
        s.plain_username, s.plain_password = username.encode(), password.encode()
    else:
        s.curve_publickey, s.curve_secretkey = public.encode(), secret.encode()
        if server:
            s.curve_server = True
        else:
            s.curve_serverkey = peer.encode()


class Key:
    """The one public key that is let in."""

    def __init__(self, key):
        self.key = key.encode()

    def callback(self, domain, key):
        return key == self.key


def authenticate(mechanism, domain, username, password, peer, **_):
    """Answers for libzmq whom a server lets in: one username with its password, or one public key."""
    auth = ThreadAuthenticator(context)
    auth.start()
    closers.append(auth.stop)
    if mechanism == "PLAIN":
        auth.configure_plain(domain=domain, passwords={username: password})
    else:
        auth.configure_curve_callback(domain=domain, credentials_provider=Key(peer))


def readable(sockets):
    """Yields a socket whenever it has a message."""
    poller = zmq.Poller()
    for s in sockets:
        poller.register(s, zmq.POLLIN)
    while True:
        for s, _ in poller.poll():
            yield s


def client(job):
    """Sends requests, up to window at once on each socket, and checks the replies.

    With enveloped they travel as [number, hops..., ""] and the body, as from behind ROUTERs, and may
    be answered in any order.
    """
    sockets, stream = opened(job), Stream(**job["stream"])
    lanes = len(sockets)
    sent, received = Tally(stream, lanes), Tally(stream, 0 if job.get("enveloped") else lanes)
    hops = [h.encode() for h in job.get("hops", [])]
    left = {s: collections.deque(range(k, stream.n, lanes)) for k, s in enumerate(sockets)}

    def envelope(i):
        return [b"%d" % i, *hops, b""] if job.get("enveloped") else []

    def send(s):
        i = left[s].popleft()
        frames = stream.message(i)
        sent.add(frames)
        s.send_multipart(envelope(i) + frames)

    for s in sockets:
        for _ in range(min(job.get("window", 1), len(left[s]))):
            send(s)
    replies = readable(sockets)
    while received.count < stream.n:
        s = next(replies)
        frames = s.recv_multipart()
        body = frames[len(envelope(0)) : -1]
        if frames != [*envelope(stream.index(body)), *body, b"re"]:
            received.fault("no reply to this: " + describe(frames))
        received.add(body)
        if left[s]:
            send(s)
    say(sent=sent.total(), received=received.total())


def server(job):
    """Answers requests with themselves and "re".

    A ROUTER answers all that have come at once, with reverse the last of them first. With enveloped
    it takes off what is in front of the body and says of what lengths that was. With stale each
    reply follows one that is too late: the reply to the request before.
    """
    [s], stream = opened(job), Stream(**job["stream"])
    received, sent = Tally(stream, job["lanes"]), Tally(stream, 0)
    router, envelopes, stale = job["types"] == ["ROUTER"], set(), None
    requests = readable([s])
    while received.count < stream.n:
        next(requests)
        got = [s.recv_multipart()]
        while router and len(got) < 64 and s.poll(0):
            got.append(s.recv_multipart())
        parted = []
        for frames in got:
            at = 1 if router else 0
            if job.get("enveloped"):
                at = frames.index(b"", at) + 1
                envelopes.add(tuple(len(f) for f in frames[1:at]))
            received.add(frames[at:])
            parted.append((frames[:at], frames[at:]))
        if job.get("reverse"):
            parted.reverse()
        for envelope, body in parted:
            if job.get("stale") and stale:
                s.send_multipart([*stale, b"too late"])
            s.send_multipart([*envelope, *body, b"re"])
            sent.add(body)
            stale = envelope
    say(sent=sent.total(), received=received.total(), envelopes=sorted(envelopes))


def positional(job):
    """Takes the envelope apart by position, as if it could only be [identity, ""]."""
    [s] = opened(job)
    identity, empty, *body = s.recv_multipart()
    s.send_multipart([identity, b"", *body])
    say(envelopes=[[len(empty)]])


def source(job):
    """Sends the stream, in shares if there are several sockets."""
    sockets, stream = opened(job), Stream(**job["stream"])
    sent = Tally(stream, len(sockets))
    for i in range(stream.n):
        frames = stream.message(i)
        sent.add(frames)
        sockets[i % len(sockets)].send_multipart(frames)
    say(sent=sent.total())


def sink(job):
    """Takes the stream, in whatever shares it comes to the sockets. Each share is in order."""
    sockets, stream = opened(job), Stream(**job["stream"])
    received = Tally(stream, 0)
    shares = {s: Tally(stream) for s in sockets}
    messages = readable(sockets)
    while received.count < stream.n:
        s = next(messages)
        frames = s.recv_multipart()
        received.add(frames)
        shares[s].add(frames)
        if shares[s].wrong:
            received.fault(shares[s].wrong)
    say(received=received.total(), shares=[t.total() for t in shares.values()])


def duplex(job):
    """Sends and receives at the same time."""
    [s], stream = opened(job), Stream(**job["stream"])
    back = Stream(**{**job["stream"], "name": job["back"]})
    sent, received = Tally(back), Tally(stream)
    while sent.count < back.n or received.count < stream.n:
        ready = s.poll(None, zmq.POLLIN | (zmq.POLLOUT if sent.count < back.n else 0))
        if ready & zmq.POLLOUT:
            frames = back.message(sent.count)
            s.send_multipart(frames)
            sent.add(frames)
        if ready & zmq.POLLIN:
            received.add(s.recv_multipart())
    say(sent=sent.total(), received=received.total())


def publisher(job):
    """A PUB says "~sync" and "~more" until it is told that its subscribers have heard it."""
    [s], stream = opened(job), Stream(**job["stream"])
    sent = Tally(stream)
    told = zmq.Poller()
    told.register(sys.stdin, zmq.POLLIN)
    while not told.poll(1):
        s.send_multipart([b"~sync", stream.name])
        s.send_multipart([b"~more", stream.name])
    sys.stdin.readline()
    for i in range(stream.n):
        frames = stream.message(i)
        sent.add(frames)
        s.send_multipart(frames)
    say(sent=sent.total())


def xpublisher(job):
    """An XPUB sees its subscriptions: it says each, sends when told, and then says the rest."""
    [s], stream = opened(job), Stream(**job["stream"])
    sent = Tally(stream)
    for _ in range(job["ups"]):
        say(up=s.recv().decode("latin1"))
    sys.stdin.readline()
    for i in range(stream.n):
        frames = stream.message(i)
        sent.add(frames)
        s.send_multipart(frames)
    say(sent=sent.total())


def subscriber(job):
    """Takes what each socket's one topic stands for. An XSUB subscribes by message, and talks back."""
    sockets, stream = opened(job), Stream(**job["stream"])
    topics = [t.encode() for t in job["topics"]]
    tallies, due = {}, {}
    for s, topic in zip(sockets, topics):
        tallies[s] = Tally(stream)
        due[s] = sum(stream.topic(i)[0].startswith(topic) for i in range(stream.n))
        if job["types"] == ["XSUB"]:
            s.send(b"\1" + topic)
        else:
            s.setsockopt(zmq.SUBSCRIBE, topic)
    messages = readable(sockets)
    while any(tallies[s].count < due[s] for s in sockets):
        s = next(messages)
        tallies[s].add(s.recv_multipart())
    if job["types"] == ["XSUB"]:
        for s, topic in zip(sockets, topics):
            s.send(b"thanks for " + topic)
            s.send(b"\0" + topic)
    say(shares=[tallies[s].total() for s in sockets])


def canceller(job):
    """A SUB takes two topics, gives up the first when told, and then takes what there is of the second."""
    [s], stream = opened(job), Stream(**job["stream"])
    received = Tally(stream)
    first, second = (t.encode() for t in job["topics"])
    s.setsockopt(zmq.SUBSCRIBE, first)
    s.setsockopt(zmq.SUBSCRIBE, second)
    told = zmq.Poller()  # libzmq subscribes in calls of the socket, hence both
    told.register(sys.stdin, zmq.POLLIN)
    told.register(s, zmq.POLLIN)
    told.poll()
    sys.stdin.readline()
    s.setsockopt(zmq.UNSUBSCRIBE, first)
    for i in range(stream.n):
        if stream.topic(i)[0].startswith(second):
            received.add(s.recv_multipart())
    say(received=received.total())


def proxy(job):
    """zmq_proxy between two sockets, until the end of stdin."""
    threading.Thread(target=zmq.proxy, args=opened(job), daemon=True).start()
    sys.stdin.read()
    os._exit(0)  # the thread has the sockets


if sys.argv[1] == "version":
    print(f"pyzmq {zmq.__version__} on libzmq {zmq.zmq_version()}, Python {sys.version.split()[0]}")
    sys.exit()
job = json.loads(sys.argv[1])
try:
    globals()[job["role"]](job)
except BaseException:
    traceback.print_exc()
    os._exit(1)  # an authenticator's thread would keep the process
sys.stdin.read()
for stop in closers:
    stop()
context.destroy(linger=0)
