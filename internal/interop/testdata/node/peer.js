// A ZeroMQ peer on zeromq.js that shares nothing with Sockeye but the wire; peer_test.go starts it.
//
// Its argument is the job as JSON. It prints one JSON object a line: {"at": [...]} when its sockets
// are open, {"sent": ..., "received": ...} when it is done. Then it waits for the end of stdin, so
// that no connection ends before the other side says so. "version" instead of a job makes it say
// what it is made of; it fails if that is not what package.json asks for.
"use strict"

const zmq = require("zeromq")

if (process.argv[2] === "version") {
  const { version } = require("zeromq/package.json")
  const wanted = require("./package.json").dependencies.zeromq
  console.log(`zeromq.js ${version} on libzmq ${zmq.version}, node ${process.versions.node}`)
  if (version !== wanted) console.error(`package.json asks for ${wanted}: npm ci`)
  process.exit(version === wanted ? 0 : 1)
}

const roles = require("./roles")

setTimeout(() => process.exit(3), 60_000).unref() // nothing here lives longer, whatever happens to the test

const lines = require("readline").createInterface({ input: process.stdin })
const leaving = [] // what is to be done before the process may end
lines.on("close", async () => {
  for (const leave of leaving) await leave()
  process.exit(0) // whatever it waits for
})
const told = new Promise((resolve) => lines.once("line", resolve)) // the first line of stdin

const fail = (err) => {
  console.error(err)
  process.exit(1)
}
process.on("unhandledRejection", fail)

const job = JSON.parse(process.argv[2])
const say = (event) => process.stdout.write(JSON.stringify(event) + "\n")

roles[job.role](job, { say, told, leaving }).catch(fail)
