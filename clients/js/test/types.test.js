// index.d.ts is written by hand. What it says that there is, there is, and nothing else.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import * as module from '../index.js'

const here = (name) => readFile(new URL(name, import.meta.url), 'utf8')
const types = (await here('../index.d.ts')).replace(/\/\*[^]*?\*\//g, '')

/** What a block declares at its own level, by name; what comes before the name, and whether it may be missing. */
function membersOf(head) {
  const block = new RegExp(`^export ${head}\\b[^{]*\\{\\n([^]*?)^\\}`, 'm').exec(types)?.[1]
  assert.ok(block !== undefined, `index.d.ts has no ${head}`)
  return [...block.matchAll(/^ {2}((?:static |readonly |private )*)(\w+)(\?)?\s*[(:]/gm)].map(([, before, name, optional]) => ({ name, before, optional: !!optional }))
}

const named = (members, keep) => members.filter(keep).map((m) => m.name).sort()

test('what is exported', () => {
  const declared = [...types.matchAll(/^export (?:class|function|const) (\w+)/gm)].map((m) => m[1])
  assert.deepEqual(declared.sort(), Object.keys(module).sort())
  for (const [, name, text] of types.matchAll(/^export const (\w+): '(.*)'$/gm)) assert.equal(module[name], text)
})

test('what the examples take is there', async () => {
  const names = new Set([...types.matchAll(/^export (?:class|function|const|interface|type) (\w+)/gm)].map((m) => m[1]))
  const taken = [...(await here('../README.md')).matchAll(/^import \{ (.*) \} from '@souk\/client'$/gm)].flatMap((m) => m[1].split(', '))
  assert.ok(taken.length > 4)
  for (const name of taken) assert.ok(names.has(name.replace(/^type /, '')), name)
})

// What every instance has: made as its users do.
const problem = new module.Problem({ status: 503, title: 'No', detail: 'Try later.', code: 'later', retryAfter: 1000 })
const own = { Problem: Object.keys(problem), GatewayAway: Object.keys(new module.GatewayAway(new Error('no route'))) }

for (const [name, made] of Object.entries(module)) {
  if (!/^class\b/.test(String(made))) continue
  test(`the members of ${name}`, () => {
    const members = membersOf(`class ${name}`)
    const fixed = (object, besides) => Object.getOwnPropertyNames(object).filter((m) => !besides.includes(m)).sort()
    assert.deepEqual(named(members, (m) => m.before.includes('static')), fixed(made, ['length', 'name', 'prototype']))
    const there = [...fixed(made.prototype, ['constructor']), ...(own[name] ?? []).filter((m) => m !== 'name')].sort() // every Error has a name
    assert.deepEqual(named(members, (m) => !m.before.includes('static') && !m.optional && m.name !== 'constructor'), there)
    for (const { name: member, before } of members.filter((m) => m.before.includes('readonly'))) {
      assert.equal(Object.getOwnPropertyDescriptor(made.prototype, member)?.set, undefined, `${before}${member} can be set`)
    }
  })
}

test('options are known, and known options are declared', async () => {
  for (const [file, of] of [['client', 'ClientOptions'], ['reporter', 'ReporterOptions']]) {
    const source = await here(`../${file}.js`)
    const read = new Set([...source.matchAll(/(?:#o|\boptions)\??\.(\w+)/g)].map((m) => m[1]))
    for (const [, list] of source.matchAll(/const \{ ([\w, ]+) \} = this\.#o/g)) list.split(', ').forEach((name) => read.add(name))
    assert.deepEqual([...read].sort(), named(membersOf(`interface ${of}`), () => true))
  }
})

test('an error tells what was not delivered, as declared', async () => {
  const away = new module.Client('http://127.0.0.1:9', 'key', { attempts: 1, fetch: () => Promise.reject(new Error('no route')) })
  const err = await away.report([{ id: 'e1', license: 'lic_1', dimension: 'pages', quantity: 1 }]).catch((e) => e)
  assert.ok(err instanceof module.GatewayAway)
  const optional = named(membersOf('class GatewayAway'), (m) => m.optional)
  assert.deepEqual(optional, ['undelivered'])
  assert.deepEqual(err.undelivered.map((e) => e.id), ['e1'])
})
