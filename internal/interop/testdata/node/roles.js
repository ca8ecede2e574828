// What a peer can be told to do. Each takes its job and how to talk to the test.
"use strict"

const { setTimeout: pause } = require("timers/promises")
const { Proxy } = require("zeromq")
const { open } = require("./open")
const { Stream, Tally, EMPTY, equal, describe } = require("./stream")

// each hands what comes to any of the sockets to take, and ends when take returns true.
function each(sockets, take) {
  return new Promise((resolve, reject) => {
    let over = false
    const read = async (s) => {
      while (!over) {
        const frames = await s.receive()
        if (await take(s, frames)) {
          over = true
          resolve()
        }
      }
    }
    for (const s of sockets) read(s).catch(reject)
  })
}

// client sends requests, up to window at once on each socket, and checks the replies. With enveloped
// they travel as [number, hops..., ""] and the body, as from behind ROUTERs, and may be answered in any
// order.
async function client(job, { say }) {
  const sockets = await open(job, say)
  const stream = new Stream(job.stream)
  const lanes = sockets.length
  const sent = new Tally(stream, lanes)
  const received = new Tally(stream, job.enveloped ? 0 : lanes)
  const hops = (job.hops ?? []).map((h) => Buffer.from(h))
  const envelope = (i) => (job.enveloped ? [Buffer.from(String(i)), ...hops, EMPTY] : [])
  const next = new Map(sockets.map((s, k) => [s, k]))
  const send = async (s) => {
    const i = next.get(s)
    if (i >= stream.n) return
    next.set(s, i + lanes)
    sent.add(stream.message(i))
    await s.send([...envelope(i), ...stream.message(i)])
  }
  for (const s of sockets) for (let i = 0; i < (job.window ?? 1); i++) await send(s)
  await each(sockets, async (s, frames) => {
    const body = frames.slice(envelope(0).length, -1)
    if (!equal(frames, [...envelope(stream.index(body)), ...body, Buffer.from("re")])) {
      received.fault("no reply to this: " + describe(frames))
    }
    received.add(body)
    await send(s)
    return received.count >= stream.n
  })
  say({ sent: sent.total(), received: received.total() })
}

// waiting takes what else has come, up to 63 messages.
async function waiting(s) {
  const more = []
  s.receiveTimeout = 0
  try {
    while (more.length < 63) more.push(await s.receive())
  } catch (err) {
    if (err.code !== "EAGAIN") throw err
  }
  s.receiveTimeout = -1
  return more
}

// server answers requests with themselves and "re". A ROUTER answers all that have come at once, with
// reverse the last of them first. With enveloped it takes off what is in front of the body and says of
// what lengths that was. With stale each reply follows one that is too late: the reply to the request
// before.
async function server(job, { say }) {
  const [s] = await open(job, say)
  const stream = new Stream(job.stream)
  const received = new Tally(stream, job.lanes)
  const sent = new Tally(stream, 0)
  const router = job.types[0] === "ROUTER"
  const envelopes = new Map()
  let stale
  while (received.count < stream.n) {
    const got = [await s.receive()]
    if (router) got.push(...(await waiting(s)))
    const parted = got.map((frames) => {
      let at = router ? 1 : 0
      if (job.enveloped) {
        at = frames.findIndex((f, i) => i >= at && !f.length) + 1
        const lengths = frames.slice(1, at).map((f) => f.length)
        envelopes.set(JSON.stringify(lengths), lengths)
      }
      received.add(frames.slice(at))
      return [frames.slice(0, at), frames.slice(at)]
    })
    if (job.reverse) parted.reverse()
    for (const [envelope, body] of parted) {
      if (job.stale && stale) await s.send([...stale, "too late"])
      await s.send([...envelope, ...body, "re"])
      sent.add(body)
      stale = envelope
    }
  }
  say({ sent: sent.total(), received: received.total(), envelopes: [...envelopes.values()].sort() })
}

// positional takes the envelope apart by position, as if it could only be [identity, ""].
async function positional(job, { say }) {
  const [s] = await open(job, say)
  const [identity, empty, ...body] = await s.receive()
  await s.send([identity, EMPTY, ...body])
  say({ envelopes: [[empty.length]] })
}

// source sends the stream, in shares if there are several sockets.
async function source(job, { say }) {
  const sockets = await open(job, say)
  const stream = new Stream(job.stream)
  const sent = new Tally(stream, sockets.length)
  for (let i = 0; i < stream.n; i++) {
    sent.add(stream.message(i))
    await sockets[i % sockets.length].send(stream.message(i))
  }
  say({ sent: sent.total() })
}

// sink takes the stream, in whatever shares it comes to the sockets. Each share is in order.
async function sink(job, { say }) {
  const sockets = await open(job, say)
  const stream = new Stream(job.stream)
  const received = new Tally(stream, 0)
  const shares = new Map(sockets.map((s) => [s, new Tally(stream)]))
  await each(sockets, (s, frames) => {
    const share = shares.get(s)
    received.add(frames)
    share.add(frames)
    if (share.wrong) received.fault(share.wrong)
    return received.count >= stream.n
  })
  say({ received: received.total(), shares: [...shares.values()].map((t) => t.total()) })
}

// duplex sends and receives at the same time.
async function duplex(job, { say }) {
  const [s] = await open(job, say)
  const stream = new Stream(job.stream)
  const back = new Stream({ ...job.stream, name: job.back })
  const sent = new Tally(back)
  const received = new Tally(stream)
  const send = async () => {
    for (let i = 0; i < back.n; i++) {
      sent.add(back.message(i))
      await s.send(back.message(i))
    }
  }
  const receive = async () => {
    while (received.count < stream.n) received.add(await s.receive())
  }
  await Promise.all([send(), receive()])
  say({ sent: sent.total(), received: received.total() })
}

// send sends the stream and says so.
async function send(s, stream, say) {
  const sent = new Tally(stream)
  for (let i = 0; i < stream.n; i++) {
    sent.add(stream.message(i))
    await s.send(stream.message(i))
  }
  say({ sent: sent.total() })
}

// publisher: a PUB says "~sync" and "~more" until it is told that its subscribers have heard it.
async function publisher(job, { say, told }) {
  const [s] = await open(job, say)
  let heard = false
  told.then(() => { heard = true })
  while (!heard) {
    await s.send(["~sync", job.stream.name])
    await s.send(["~more", job.stream.name])
    await pause(1)
  }
  await send(s, new Stream(job.stream), say)
}

// xpublisher: an XPUB sees its subscriptions. It says each, sends when told, and then says the rest.
async function xpublisher(job, { say, told }) {
  const [s] = await open(job, say)
  for (let i = 0; i < job.ups; i++) say({ up: (await s.receive())[0].toString("latin1") })
  await told
  await send(s, new Stream(job.stream), say)
}

// subscriber takes what each socket's one topic stands for. An XSUB subscribes by message, and talks
// back.
async function subscriber(job, { say }) {
  const sockets = await open(job, say)
  const stream = new Stream(job.stream)
  const xsub = job.types[0] === "XSUB"
  const topics = job.topics.map((t) => Buffer.from(t))
  const tallies = sockets.map(() => new Tally(stream))
  const due = topics.map((topic) => {
    let n = 0
    for (let i = 0; i < stream.n; i++) if (stream.topic(i)[0].subarray(0, topic.length).equals(topic)) n++
    return n
  })
  for (const [k, s] of sockets.entries()) {
    if (xsub) await s.send(Buffer.concat([Buffer.of(1), topics[k]]))
    else s.subscribe(topics[k])
  }
  await each(sockets, (s, frames) => {
    tallies[sockets.indexOf(s)].add(frames)
    return tallies.every((t, k) => t.count >= due[k])
  })
  for (const [k, s] of sockets.entries()) {
    if (!xsub) continue
    await s.send(Buffer.concat([Buffer.from("thanks for "), topics[k]]))
    await s.send(Buffer.concat([Buffer.of(0), topics[k]]))
  }
  say({ shares: tallies.map((t) => t.total()) })
}

// canceller: a SUB takes two topics, gives up the first when it is told, and then takes what there is of
// the second.
async function canceller(job, { say, told }) {
  const [s] = await open(job, say)
  const stream = new Stream(job.stream)
  const received = new Tally(stream)
  const [first, second] = job.topics
  s.subscribe(first, second)
  let next = s.receive() // libzmq subscribes in calls of the socket, hence already now
  await told
  s.unsubscribe(first)
  for (let i = 0; i < stream.n; i++) {
    if (!stream.topic(i)[0].toString().startsWith(second)) continue
    received.add(await (next ?? s.receive()))
    next = undefined
  }
  say({ received: received.total() })
}

// proxy is zmq_proxy between two sockets, until the end of stdin.
async function proxy(job, { say, leaving }) {
  const [front, back] = await open(job, say)
  const between = new Proxy(front, back)
  const over = between.run() // in a thread, which the end of the process would wait for
  leaving.push(() => {
    between.terminate()
    return over
  })
}

module.exports = { client, server, positional, source, sink, duplex, publisher, xpublisher, subscriber,
  canceller, proxy }
