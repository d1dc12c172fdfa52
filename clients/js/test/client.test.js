import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, GatewayAway, Problem, newID, signInParam } from '../index.js'
import { gateway } from '../fake/gateway.js'

const quick = { firstPause: 1, longestPause: 5 }
const used = (id, quantity = '1') => ({ id, license: 'lic_1', dimension: 'pages', quantity })

for (const [name, broken] of Object.entries({
  nothing: () => {},
  'a request refused': (g) => (g.refuse = { times: 2, status: 503 }),
  'asked to slow down': (g) => (g.refuse = { times: 1, status: 429 }),
  'an answer lost': (g) => (g.lose = 1),
  'answers lost often': (g) => (g.lose = 4),
})) {
  test(`an event is counted once: ${name}`, async (t) => {
    const g = await gateway(t)
    broken(g)
    const receipt = await new Client(g.url, 'key', quick).report([{ license: 'lic_1', dimension: 'pages', quantity: 2.5 }])
    assert.equal(receipt.accepted + receipt.duplicates, 1)
    assert.equal(g.total('lic_1'), 2.5)
  })
}

test('what was not delivered comes back with its ids', async (t) => {
  const g = await gateway(t)
  g.lose = 5
  const client = new Client(g.url, 'key', quick)
  const given = [{ license: 'lic_1', dimension: 'pages', quantity: '1' }, used('mine', '2')]
  const err = await client.report(given).then(() => assert.fail('it was delivered'), (err) => err)
  assert.ok(err instanceof GatewayAway)
  assert.equal(err.undelivered.length, 2)
  assert.ok(err.undelivered[0].id && given[0].id === undefined)
  assert.equal((await client.report(err.undelivered)).duplicates, 2)
  assert.equal(g.total('lic_1'), 3)
})

test('many events travel in several requests, and rejections keep their places', async (t) => {
  const g = await gateway(t)
  const events = Array.from({ length: 1200 }, (_, i) => used('e' + i))
  events[7].quantity = '-1'
  events[1100].quantity = 'x'
  const receipt = await new Client(g.url, 'key', quick).report(events)
  assert.equal(receipt.accepted, 1198)
  assert.deepEqual(receipt.rejected.map((no) => no.index), [7, 1100])
  assert.equal(g.requests.length, 3)
})

test('a refusal is a problem, told at once', async (t) => {
  const g = await gateway(t)
  const err = await new Client(g.url, 'wrong', quick).license('lic_1').catch((err) => err)
  assert.ok(err instanceof Problem)
  assert.deepEqual([err.status, err.code, err.temporary, g.requests.length], [401, 'bad_key', false, 1])
  await assert.rejects(new Client(g.url, 'key', quick).license('lic_9'), { status: 404, code: 'unknown_license' })
})

test('a signal ends the waiting', async (t) => {
  const g = await gateway(t)
  g.refuse = { times: 1000, status: 503 }
  const stop = new AbortController()
  const asked = new Client(g.url, 'key', { attempts: 1000, firstPause: 3_600_000, longestPause: 3_600_000 }).license('lic_1', { signal: stop.signal })
  while (g.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  stop.abort()
  await assert.rejects(asked)
})

test('lists go on to their end', async (t) => {
  const g = await gateway(t)
  g.licenses = [{ id: 'lic_1' }, { id: 'lic_2' }, { id: 'lic_3' }]
  const ids = []
  for await (const l of new Client(g.url, 'key', quick).licenses({ state: 'active', account: '' })) ids.push(l.id)
  assert.deepEqual(ids, ['lic_1', 'lic_2', 'lic_3'])
  assert.equal(g.requests[2].query.get('state'), 'active')
  assert.equal(g.requests[0].query.has('account'), false)
})

test('checks, usage and registrations', async (t) => {
  const g = await gateway(t)
  const arn = 'arn:aws:license-manager::294406891311:license:l-1/2'
  g.licenses = [{ id: arn }]
  g.registrations.set('h/1', { id: 'reg_1', state: 'open' })
  const client = new Client(g.url + '/', 'key', quick)
  const verdict = await client.check(arn, { dimension: 'users', quantity: 3 })
  assert.deepEqual([verdict.allowed, verdict.used, verdict.asked], [true, 2.5, { dimension: 'users', quantity: '3' }])
  assert.equal((await client.usage(arn, { from: new Date(0) }))[0].from, '1970-01-01T00:00:00.000Z')
  g.lose = 1 // redeemed, and the answer lost: the repetition has the same
  const reg = await client.redeemRegistration('h/1', 'quill')
  assert.equal(reg.id, 'reg_1')
  await assert.rejects(client.redeemRegistration('h/1', 'quill'), { code: 'no_such_handle' })
  assert.equal((await client.completeRegistration('reg_1', { reference: 'customer-42' })).reference, 'customer-42')
  assert.equal(client.signInURL('code', 'https://app.example.com/back?a=b&c'), `${g.url}/signin?product=code&return=https%3A%2F%2Fapp.example.com%2Fback%3Fa%3Db%26c`)
  assert.equal(signInParam, 'souk_signin')
})

test('ids are versions 7 and grow', () => {
  assert.match(newID(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.ok(newID(1_800_000_000_000) < newID(1_800_000_000_001))
  assert.ok(newID(0x0123456789ab).startsWith('01234567-89ab-7'))
})

test('what is no address or key is refused', () => {
  for (const bad of ['', 'x', 'ftp://x', 'https://x/?a=b', 'https://x/#y']) assert.throws(() => new Client(bad, 'k'))
  assert.throws(() => new Client('https://x', ''))
})
