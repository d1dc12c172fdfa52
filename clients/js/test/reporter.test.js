import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client, Reporter } from '../index.js'
import { gateway } from '../fake/gateway.js'

const used = (id, quantity = '1') => ({ id, license: 'lic_1', dimension: 'pages', quantity })
const turn = () => new Promise((resolve) => setTimeout(resolve, 1))

async function folder(t) {
  const dir = await mkdtemp(join(tmpdir(), 'souk-js-'))
  t.after(() => rm(dir, { recursive: true }))
  return dir
}

async function reporter(t, g, options = {}) {
  const client = new Client(g.url, 'key', { attempts: 2, firstPause: 1, longestPause: 2 })
  const r = await Reporter.open(client, { delay: 1, ...options })
  t.after(() => r.close({ signal: AbortSignal.abort() }))
  return r
}

for (const name of ['in memory', 'on disk']) {
  test(`every event is counted once, whatever breaks: ${name}`, async (t) => {
    const g = await gateway(t)
    const spool = name === 'on disk' ? join(await folder(t), 'spool') : undefined
    const r = await reporter(t, g, { spool })
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 50; i++) {
        if (i === 10) g.lose = 3
        if (i === 30) g.refuse = { times: 3, status: 401 } // a key can be mended
        await r.add({ license: 'lic_1', dimension: 'pages', quantity: 1 })
      }
    }))
    assert.deepEqual(await r.close(), [])
    assert.equal(g.total('lic_1'), 400)
    await assert.rejects(r.add(used('late')), /closed/)
    if (spool) assert.equal((await readFile(spool)).length, 0)
  })
}

test('events travel together', async (t) => {
  const g = await gateway(t)
  const r = await reporter(t, g, { delay: 3_600_000 })
  for (let i = 0; i < 499; i++) await r.add(used('e' + i))
  await turn()
  assert.equal(g.requests.length, 0)
  await r.flush()
  assert.equal(g.requests.length, 1)
  await r.add(...Array.from({ length: 500 }, (_, i) => used('f' + i))) // a full batch goes without being asked for
  while (g.total('lic_1') < 999) await turn()
  assert.ok([...g.events.values()].every((e) => e.time))
})

test('what is left at the end is given back', async (t) => {
  const g = await gateway(t)
  g.refuse = { times: 1e9, status: 503 }
  let failed = 0
  const r = await reporter(t, g, { failed: () => failed++ })
  await r.add(used('a'), used('b'))
  while (!failed) await turn()
  const left = await r.close({ signal: AbortSignal.abort() })
  assert.deepEqual(left.map((e) => e.id), ['a', 'b'])
})

test('the spool outlives the program', async (t) => {
  const g = await gateway(t)
  const spool = join(await folder(t), 'spool')
  g.lose = 1e9
  const first = await reporter(t, g, { spool })
  await first.add(used('a'), used('b'))
  while (g.events.size === 0) await turn()
  const killed = await readFile(spool)
  await first.close({ signal: AbortSignal.abort() })
  g.lose = 0
  await writeFile(spool, Buffer.concat([killed, Buffer.from('{"id":"half a li')]))
  const second = await reporter(t, g, { spool })
  await second.add(used('c'))
  assert.deepEqual(await second.close(), [])
  assert.equal(g.total('lic_1'), 3)
})

test('a file that is no spool is left alone', async (t) => {
  const spool = join(await folder(t), 'diary')
  await writeFile(spool, 'Dear diary,\nnothing happened.\n')
  await assert.rejects(Reporter.open(new Client('http://127.0.0.1:1', 'key'), { spool }), /no event/)
  assert.equal(await readFile(spool, 'utf8'), 'Dear diary,\nnothing happened.\n')
})

test('add waits for room', async (t) => {
  const g = await gateway(t)
  g.refuse = { times: 1e9, status: 503 }
  const r = await reporter(t, g, { maxWaiting: 2 })
  await r.add(used('a'), used('b'))
  let added = false
  const third = r.add(used('c')).then(() => (added = true))
  for (let i = 0; i < 20; i++) await turn()
  assert.equal(added, false)
  g.refuse.times = 0
  await third
  assert.deepEqual(await r.close(), [])
  assert.equal(g.total('lic_1'), 3)
})

test('rejections are told of', async (t) => {
  const g = await gateway(t)
  const told = []
  const r = await reporter(t, g, { rejected: (e, no) => told.push([e.id, no.code]) })
  await r.add(used('good'), used('bad', '-1'))
  await r.close()
  assert.deepEqual(told, [['bad', 'bad_quantity']])
})
