// The client of a gateway's API. What it promises stands in index.d.ts.

import { randomFillSync } from 'node:crypto'

/** The query parameters in which browsers bring handles. */
export const signInParam = 'souk_signin'
export const registrationParam = 'souk_registration'

/** How many events travel in one request. */
export const maxBatch = 500

const pageSize = 100

/** newID makes a UUID of version 7 (RFC 9562): no other is the same, and it grows with time. */
export function newID(now = Date.now()) {
  const b = randomFillSync(new Uint8Array(16))
  for (let i = 0; i < 6; i++) b[i] = Math.floor(now / 2 ** (40 - 8 * i)) & 0xff
  b[6] = (b[6] & 0x0f) | 0x70
  b[8] = (b[8] & 0x3f) | 0x80
  const hex = Buffer.from(b).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Problem is a refusal, as the gateway words it (RFC 9457). */
export class Problem extends Error {
  constructor({ status, title = '', detail = '', code = '', retryAfter = 0 }) {
    super(`souk: ${detail || title} (${code ? code + ', ' : ''}HTTP ${status})`)
    this.name = 'Problem'
    Object.assign(this, { status, title, detail, code, retryAfter })
  }

  get temporary() {
    return this.status === 408 || this.status === 429 || this.status >= 500
  }
}

/** GatewayAway is a request without a whole answer: whether it took effect is unknown. */
export class GatewayAway extends Error {
  constructor(cause) {
    super('souk: the gateway cannot be reached: ' + (cause?.message ?? cause), { cause })
    this.name = 'GatewayAway'
  }
}

const mayHelp = (err) => err instanceof GatewayAway || (err instanceof Problem && err.temporary)

/** pause waits, and reports whether signal is still good. */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(false)
    const end = (good) => () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      resolve(good)
    }
    const aborted = end(false)
    const timer = setTimeout(end(true), ms)
    signal?.addEventListener('abort', aborted, { once: true })
  })
}

export class Client {
  #base
  #key
  #fetch
  #o

  constructor(baseURL, apiKey, options = {}) {
    const url = new URL(baseURL)
    if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.search || url.hash) {
      throw new TypeError(`souk: the gateway's URL ${baseURL} is not of the form https://host`)
    }
    if (!apiKey) throw new TypeError('souk: the API key is empty; make one with `souk keys create --name my-app`')
    this.#base = url.href.replace(/\/+$/, '')
    this.#key = apiKey
    this.#fetch = options.fetch ?? globalThis.fetch
    this.#o = { attempts: 5, firstPause: 100, longestPause: 5000, timeout: 30_000, userAgent: 'souk-js', newID, ...options }
  }

  async report(events, { signal } = {}) {
    const named = events.map((e) => ({ ...e, id: e.id || this.#o.newID() }))
    const total = { accepted: 0, duplicates: 0, rejected: [] }
    for (let start = 0; start < named.length; start += maxBatch) {
      const batch = named.slice(start, start + maxBatch)
      let receipt
      try {
        receipt = await this.#call('POST', '/v1/events', batch.map(plain), signal)
      } catch (err) {
        err.undelivered = named.slice(start)
        throw err
      }
      total.accepted += receipt.accepted
      total.duplicates += receipt.duplicates
      total.rejected.push(...receipt.rejected.map((no) => ({ ...no, index: no.index + start })))
    }
    return total
  }

  license(id, { signal } = {}) {
    return this.#call('GET', `/v1/licenses/${encodeURIComponent(id)}`, undefined, signal)
  }

  licenses(filter = {}, { signal } = {}) {
    return this.#list('/v1/licenses', filter, signal)
  }

  check(id, { dimension, quantity, signal } = {}) {
    return this.#call('GET', withQuery(`/v1/licenses/${encodeURIComponent(id)}/check`, { dimension, quantity }), undefined, signal)
  }

  finalize(id, { signal } = {}) {
    return this.#call('POST', `/v1/licenses/${encodeURIComponent(id)}/finalize`, undefined, signal)
  }

  async usage(id, { from, to, signal } = {}) {
    const path = withQuery(`/v1/licenses/${encodeURIComponent(id)}/usage`, { from: stamp(from), to: stamp(to) })
    return (await this.#call('GET', path, undefined, signal)).items
  }

  signInURL(productCode, returnTo) {
    return this.#base + withQuery('/signin', { product: productCode, return: returnTo })
  }

  redeemSignIn(handle, { signal } = {}) {
    return this.#call('POST', `/v1/signins/${encodeURIComponent(handle)}/redeem`, undefined, signal)
  }

  redeemRegistration(handle, productCode, { signal } = {}) {
    return this.#call('POST', `/v1/registrations/${encodeURIComponent(handle)}/redeem`, { productCode }, signal)
  }

  completeRegistration(id, { reference, email, name, company }, { signal } = {}) {
    return this.#call('POST', `/v1/registrations/${encodeURIComponent(id)}/complete`, { account: reference, email, name, company }, signal)
  }

  registrations({ signal } = {}) {
    return this.#list('/v1/registrations', {}, signal)
  }

  async *#list(path, query, signal) {
    for (let cursor; ; ) {
      const page = await this.#call('GET', withQuery(path, { ...query, limit: pageSize, cursor }), undefined, signal)
      yield* page.items
      if (!page.next) return
      cursor = page.next
    }
  }

  // Every call may be repeated: reads change nothing, events have their ids, and whatever else a POST does is done once
  // under the Idempotency-Key that all its repetitions share.
  async #call(method, path, body, signal) {
    const key = method === 'POST' ? newID() : undefined
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(method, path, key, body, signal)
      } catch (err) {
        if (attempt >= this.#o.attempts || signal?.aborted || !mayHelp(err)) throw err
        if (!(await pause(this.#wait(attempt, err), signal))) throw err // what the gateway last said is the better news
      }
    }
  }

  // What the gateway asked for, or else somewhere in the upper half of an exponential back-off.
  #wait(attempt, err) {
    const { firstPause, longestPause } = this.#o
    if (err.retryAfter > 0) return Math.min(err.retryAfter, longestPause)
    const most = Math.min(firstPause * 2 ** (attempt - 1), longestPause)
    return most / 2 + (Math.random() * most) / 2
  }

  async #once(method, path, key, body, signal) {
    const headers = { Authorization: 'Bearer ' + this.#key, Accept: 'application/json', 'User-Agent': this.#o.userAgent }
    if (key) headers['Idempotency-Key'] = key
    if (body !== undefined) headers['Content-Type'] = 'application/json'
    const timeout = AbortSignal.timeout(this.#o.timeout)
    let res, text
    try {
      res = await this.#fetch(this.#base + path, {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body), redirect: 'error',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      })
      text = await res.text()
    } catch (err) {
      throw new GatewayAway(err)
    }
    if (!res.ok) throw problemOf(res, text)
    try {
      return JSON.parse(text)
    } catch (err) {
      throw new GatewayAway(err)
    }
  }
}

function problemOf(res, text) {
  const retryAfter = (Number.parseInt(res.headers.get('Retry-After') ?? '', 10) || 0) * 1000
  try {
    const { title, detail, code } = JSON.parse(text)
    if (title || detail) return new Problem({ status: res.status, title, detail, code, retryAfter })
  } catch {
    // Not the gateway's own words: a proxy's, perhaps.
  }
  return new Problem({ status: res.status, title: res.statusText, detail: `The answer was ${res.status}, without a problem document.`, retryAfter })
}

// plain is an event as the gateway takes it. A quantity that is a number is written out: 1e21 is not rounded on the way.
function plain({ id, license, dimension, quantity, time, tags }) {
  return { id, license, dimension, quantity: String(quantity), time: stamp(time), tags }
}

function stamp(time) {
  return time === undefined ? undefined : new Date(time).toISOString()
}

function withQuery(path, query) {
  const q = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') q.set(name, String(value))
  }
  const text = q.toString()
  return text ? path + '?' + text : path
}
