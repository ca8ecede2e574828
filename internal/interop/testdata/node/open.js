// Opens the sockets of a job.
"use strict"

const zmq = require("zeromq")

const types = {
  REQ: zmq.Request, REP: zmq.Reply, DEALER: zmq.Dealer, ROUTER: zmq.Router, PUB: zmq.Publisher, SUB: zmq.Subscriber,
  XPUB: zmq.XPublisher, XSUB: zmq.XSubscriber, PUSH: zmq.Push, PULL: zmq.Pull, PAIR: zmq.Pair,
}

// What zeromq.js calls libzmq's options, and whether they are switches.
const options = {
  SNDHWM: ["sendHighWaterMark"], ROUTER_MANDATORY: ["mandatory", Boolean],
  REQ_CORRELATE: ["correlate", Boolean], REQ_RELAXED: ["relaxed", Boolean],
}

const kept = [] // the sockets, which are closed when nobody refers to them

// open opens a socket for each address and says where they are.
async function open(job, say) {
  if (job.security?.server) await authenticate(job.security)
  const sockets = []
  for (const address of job.bind ?? job.connect) {
    const s = new types[job.types[sockets.length % job.types.length]]({ linger: 0 })
    for (const [name, value] of Object.entries(job.options ?? {})) {
      const [theirs, as = Number] = options[name]
      if (theirs in s) s[theirs] = as(value)
    }
    if (job.identities) s.routingId = Buffer.from(job.identities[sockets.length], "latin1")
    secure(s, job.security)
    if (job.bind) await s.bind(address)
    else s.connect(address)
    sockets.push(s)
    kept.push(s)
  }
  say({ at: sockets.map((s) => s.lastEndpoint) })
  return sockets
}

// secure gives a socket its side of a security mechanism.
function secure(s, security) {
  if (!security) return
  if (security.server) s.zapDomain = security.domain
  if (security.mechanism === "PLAIN" && security.server) {
    s.plainServer = true
  } else if (security.mechanism === "PLAIN") {
    s.plainUsername = security.username
    s.plainPassword = security.password
  } else {
    s.curvePublicKey = security.public
    s.curveSecretKey = security.secret
    if (security.server) s.curveServer = true
    else s.curveServerKey = security.peer
  }
}

// authenticate answers for libzmq whom a server lets in, RFC 27: one username with its password, or
// one public key.
async function authenticate(security) {
  const zap = new zmq.Reply()
  await zap.bind("inproc://zeromq.zap.01")
  const serve = async () => {
    for await (const [version, id, domain, , , mechanism, ...credentials] of zap) {
      const wanted = security.mechanism === "PLAIN"
        ? [security.username, security.password].map((s) => Buffer.from(s).toString("hex"))
        : [decodeZ85(security.peer).toString("hex")]
      const ok = domain.toString() === security.domain && mechanism.toString() === security.mechanism &&
        credentials.map((c) => c.toString("hex")).join() === wanted.join()
      await zap.send([version, id, ok ? "200" : "400", ok ? "OK" : "no", ok ? security.user : "", ""])
    }
  }
  serve()
}

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

// decodeZ85 is RFC 32: five digits are four bytes.
function decodeZ85(text) {
  const out = Buffer.alloc((text.length / 5) * 4)
  for (let i = 0; i < text.length; i += 5) {
    const value = [...text.slice(i, i + 5)].reduce((v, digit) => v * 85 + DIGITS.indexOf(digit), 0)
    out.writeUInt32BE(value, (i / 5) * 4)
  }
  return out
}

module.exports = { open }
