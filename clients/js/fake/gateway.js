// A gateway for tests: it behaves as the real one does towards the client, and can be told to fail.

import { createServer } from 'node:http'

export async function gateway(t) {
  const g = { events: new Map(), requests: [], refuse: { times: 0, status: 503 }, lose: 0, answers: new Map(), licenses: [], registrations: new Map() }
  const server = createServer(async (req, res) => {
    let text = ''
    for await (const chunk of req) text += chunk
    const url = new URL(req.url, 'http://x')
    g.requests.push({ method: req.method, path: url.pathname, query: url.searchParams, headers: req.headers, body: text })
    const answer = (status, body) => {
      res.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' })
      res.end(JSON.stringify(body))
    }
    const problem = (status, code) => answer(status, { title: 'No', status, code, detail: 'Try something else.' })
    if (req.headers.authorization !== 'Bearer key') return problem(401, 'bad_key')
    if (g.refuse.times > 0) {
      g.refuse.times--
      return problem(g.refuse.status, '')
    }
    let [status, body] = handle(g, req, url, text)
    if (g.lose > 0) {
      g.lose--
      return res.destroy()
    }
    return status < 400 ? answer(status, body) : problem(status, body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  g.url = `http://127.0.0.1:${server.address().port}`
  g.total = (license) => [...g.events.values()].filter((e) => e.license === license).reduce((sum, e) => sum + Number(e.quantity), 0)
  return g
}

function handle(g, req, url, text) {
  const key = req.headers['idempotency-key']
  if (key && g.answers.has(key)) return g.answers.get(key)
  const out = act(g, req, url, text)
  if (key) g.answers.set(key, out)
  return out
}

function act(g, req, url, text) {
  const [, , kind, id, verb] = url.pathname.split('/').map(decodeURIComponent)
  if (kind === 'events') {
    const receipt = { accepted: 0, duplicates: 0, rejected: [] }
    JSON.parse(text).forEach((e, index) => {
      if (!/^\d+(\.\d+)?$/.test(e.quantity)) receipt.rejected.push({ index, id: e.id, code: 'bad_quantity', message: 'No.' })
      else if (g.events.has(e.id)) receipt.duplicates++
      else {
        g.events.set(e.id, e)
        receipt.accepted++
      }
    })
    return [200, receipt]
  }
  if (kind === 'licenses' && !id) {
    const from = Number(url.searchParams.get('cursor') ?? 0)
    const next = from + 1 < g.licenses.length ? String(from + 1) : undefined
    return [200, { items: g.licenses.slice(from, from + 1), next }]
  }
  if (kind === 'licenses') {
    const license = g.licenses.find((l) => l.id === id)
    if (!license) return [404, 'unknown_license']
    if (verb === 'check') return [200, { allowed: true, reason: 'entitled', why: 'Yes.', entitled: 10, used: 2.5, asked: Object.fromEntries(url.searchParams) }]
    if (verb === 'usage') return [200, { items: [{ dimension: 'pages', from: url.searchParams.get('from') }] }]
    return [200, license]
  }
  if (kind === 'registrations' && verb === 'redeem') {
    const reg = g.registrations.get(id)
    if (!reg) return [404, 'no_such_handle']
    g.registrations.delete(id)
    return [200, reg]
  }
  if (kind === 'registrations' && verb === 'complete') return [200, { id, state: 'complete', reference: JSON.parse(text).account }]
  return [404, 'no_such_call']
}
