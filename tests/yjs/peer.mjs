// Yjs itself, as a peer for tests: one JSON request a line in, one JSON answer a line out (see peer.py).
//
// Documents are Yjs's own test instances, which exchange their updates among each other through the random
// network of Yjs's own tests. Roots are named as syncore names them, t:... for texts and l:... for lists of byte
// strings. Byte strings travel as base64.

import { createInterface } from 'node:readline'
import * as encoding from 'lib0/encoding'
import * as prng from 'lib0/prng'
import * as Y from 'yjs'
import { TestConnector } from 'yjs/testHelper'

const ALPHABET = [...'abcdefghijé\u2028\ufffd\ue005\ue403\ue802']
const TEXTS = ['t:title', 't:body']
const LISTS = ['l:tags', 'l:body']

let random, network, instances

const base64 = bytes => Buffer.from(bytes).toString('base64')
const bytes = text => new Uint8Array(Buffer.from(text, 'base64'))

// Yjs writes the clients of a delete set in falling order, pycrdt and syncore in rising order.
const canonical = update => {
  const clients = [...Y.decodeUpdate(update).ds.clients.entries()]
  const write = order => {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, clients.length)
    for (const [client, ranges] of clients.sort(order)) {
      encoding.writeVarUint(encoder, client)
      encoding.writeVarUint(encoder, ranges.length)
      for (const { clock, len } of ranges) {
        encoding.writeVarUint(encoder, clock)
        encoding.writeVarUint(encoder, len)
      }
    }
    return Buffer.from(encoding.toUint8Array(encoder))
  }
  const falling = write((a, b) => b[0] - a[0])
  const head = Buffer.from(update).subarray(0, update.length - falling.length)
  if (!Buffer.from(update).subarray(head.length).equals(falling)) throw new Error('another order of deletions')
  return Buffer.concat([head, write((a, b) => a[0] - b[0])])
}

// A list keeps a byte string as "binary", one that it takes for an object as "any": as pycrdt does.
const asAny = item => Object.defineProperty(item, 'constructor', { value: Object })

const editText = text => {
  const at = prng.int32(random, 0, text.length)
  const gone = Math.min(prng.oneOf(random, [0, 0, 1, 3, 20]), text.length - at)
  const added = Array.from({ length: prng.int32(random, 0, 4) }, () => prng.oneOf(random, ALPHABET)).join('')
  if (gone) text.delete(at, gone)
  if (added) text.insert(at, added)
}

const editList = list => {
  const at = prng.int32(random, 0, list.length)
  const gone = Math.min(prng.oneOf(random, [0, 0, 1, 2]), list.length - at)
  const added = Array.from({ length: prng.int32(random, 0, 3) }, () =>
    asAny(new Uint8Array(Array.from({ length: prng.int32(random, 0, 3) }, () => prng.int32(random, 0, 255)))))
  if (gone) list.delete(at, gone)
  if (added.length) list.insert(at, added)
}

const editDocument = doc => {
  const made = []
  const note = update => made.push(update)
  doc.on('update', note)
  doc.transact(() => {
    for (let count = prng.int32(random, 1, 3); count > 0; count--) {
      if (prng.bool(random)) editText(doc.getText(prng.oneOf(random, TEXTS)))
      else editList(doc.getArray(prng.oneOf(random, LISTS)))
    }
  })
  doc.off('update', note)
  if (made.length > 1) throw new Error('one transaction made several updates')
  return made.length ? base64(canonical(made[0])) : null
}

const roots = (doc, prefix) => [...doc.share.keys()].filter(name => name.startsWith(prefix))

const contents = doc => ({
  texts: Object.fromEntries(roots(doc, 't:').map(name => [name, doc.getText(name).toString()])),
  lists: Object.fromEntries(roots(doc, 'l:').map(name => [name,
    doc.getArray(name).toArray().filter(item => item instanceof Uint8Array).map(base64)])),
  clocks: Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(doc))),
  is_waiting: doc.store.pendingStructs !== null || doc.store.pendingDs !== null,
  state: base64(canonical(Y.encodeStateAsUpdate(doc)))
})

const answers = {
  // Begin anew: one document for each client.
  begin: ({ seed, clients }) => {
    random = prng.create(seed)
    network = new TestConnector(random)
    instances = clients.map(client => Object.assign(network.createY(client), { clientID: client }))
    return null
  },
  // A random transaction of one document: its update.
  edit: ({ index }) => editDocument(instances[index]),
  // Let Yjs's own network do something: deliver one message, cut or restore a connection.
  stir: ({ times }) => {
    for (; times > 0; times--) {
      const draw = prng.int32(random, 0, 9)
      if (draw === 0) network.disconnectRandom()
      else if (draw === 1) network.reconnectRandom()
      else network.flushRandomMessage()
    }
    return null
  },
  // All is delivered, and compared anew: Yjs passes on a deletion that had to wait only upon a new connection.
  settle: () => {
    network.syncAll()
    network.disconnectAll()
    network.syncAll()
    return null
  },
  apply: ({ index, updates }) => {
    for (const update of updates) Y.applyUpdate(instances[index], bytes(update))
    return null
  },
  read: ({ index }) => contents(instances[index]),
  // What a fresh document holds after some updates, for one that must not be mixed with the others.
  load: ({ updates }) => {
    const doc = new Y.Doc()
    for (const update of updates) Y.applyUpdate(doc, bytes(update))
    return contents(doc)
  },
  // The same update, as Yjs reads and writes it.
  rewrite: ({ update }) => base64(canonical(Y.convertUpdateFormatV2ToV1(Y.convertUpdateFormatV1ToV2(bytes(update)))))
}

for await (const line of createInterface({ input: process.stdin })) {
  const { does, ...request } = JSON.parse(line)
  let answer
  try {
    answer = { is: answers[does](request) }
  } catch (error) {
    answer = { error: `${error.stack}` }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
