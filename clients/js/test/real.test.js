// Against a gateway that runs: SOUK_GATEWAY and SOUK_API_KEY name it, SOUK_LICENSE a license of it that is active.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, Reporter } from '../index.js'

const { SOUK_GATEWAY, SOUK_API_KEY, SOUK_LICENSE } = process.env

test('a real gateway', { skip: SOUK_GATEWAY ? false : 'SOUK_GATEWAY names none' }, async () => {
  const souk = new Client(SOUK_GATEWAY, SOUK_API_KEY)
  const license = await souk.license(SOUK_LICENSE)
  assert.equal(license.state, 'active')
  assert.ok((await souk.check(license.licenseArn)).allowed)
  const reporter = await Reporter.open(souk, { unstamped: true })
  for (let i = 0; i < 700; i++) await reporter.add({ id: 'js-' + i, license: license.id, dimension: 'pages', quantity: '0.5' })
  assert.deepEqual(await reporter.close(), [])
  const receipt = await souk.report([
    { id: 'js-699', license: license.id, dimension: 'pages', quantity: '0.5' },
    { license: license.id, dimension: 'pages', quantity: -1 },
  ])
  assert.deepEqual([receipt.accepted, receipt.duplicates, receipt.rejected.map((no) => no.code)], [0, 1, ['negative_quantity']])
  const accepted = (await souk.usage(license.id)).filter((u) => u.dimension === 'pages').reduce((sum, u) => sum + Number(u.accepted), 0)
  assert.equal(accepted, 350)
  const ids = []
  for await (const l of souk.licenses({ state: 'active' })) ids.push(l.id)
  assert.ok(ids.includes(license.id))
  await assert.rejects(souk.redeemRegistration('made-up', 'product'), { status: 404, code: 'no_such_handle' })
})
