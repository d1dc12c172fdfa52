// An OpenID client in nothing but Node.js, against a gateway that runs: the steps of OpenID Connect Core 1.0 (section 3.1), PKCE
// (RFC 7636), refreshing, revoking and signing out, as the standards word them. OPENID says where, and who the applications are.

import assert from 'node:assert/strict'
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { before, test } from 'node:test'

const { issuer, token, app, page, callback, signedOut } = JSON.parse(process.env.OPENID)
const ada = { email: 'ada@example.com', name: 'Ada Lovelace', company: 'Engines', password: 'correct horse battery staple' }
const random = () => randomBytes(32).toString('base64url')
const sha256 = (text) => createHash('sha256').update(text).digest()

/** A person's browser: it keeps cookies, and follows as long as it is led to the gateway's own pages. */
class Browser {
  #cookies = new Map()

  /** Ends where no page of the gateway leads on: at a page, or at an address elsewhere, which is not visited. */
  async open(address, form) {
    for (let step = 0; step < 10; step++) {
      const url = new URL(address, issuer)
      if (url.origin !== new URL(issuer).origin) return { url }
      const headers = { Cookie: [...this.#cookies].map((c) => c.join('=')).join('; ') }
      const res = await fetch(url, { method: form ? 'POST' : 'GET', headers, redirect: 'manual', body: form && new URLSearchParams(form) })
      for (const line of res.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
        if (value) this.#cookies.set(name, value)
        else this.#cookies.delete(name)
      }
      if (res.status < 300 || res.status > 399) return { url, status: res.status, text: await res.text() }
      await res.body?.cancel()
      address = new URL(res.headers.get('Location'), url).href
      form = undefined
    }
    assert.fail('redirected without end')
  }

  /** Sends the form of a page that goes to action, with what is entered. */
  send(at, action, entered) {
    const start = at.text.indexOf(`action="${action}"`)
    assert.ok(start > 0, `${at.url} has no form for ${action}: ${at.text}`)
    const form = {}
    for (const [, tag] of at.text.slice(start, at.text.indexOf('</form>', start)).matchAll(/<input ([^>]*)>/g)) {
      const of = (name) => new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1].replaceAll('&#43;', '+').replaceAll('&#34;', '"').replaceAll('&amp;', '&')
      form[of('name')] = of('value') ?? ''
    }
    return this.open(action, { ...form, ...entered })
  }
}

/** An application that people sign in to. */
class Application {
  constructor({ id, secret }, found) {
    Object.assign(this, { id, secret, found })
  }

  /** Where it sends a browser, and what it keeps for when that comes back. */
  ask(more = {}) {
    const kept = { state: random(), nonce: random(), verifier: random() }
    const url = new URL(this.found.authorization_endpoint)
    url.search = new URLSearchParams({
      response_type: 'code', client_id: this.id, redirect_uri: callback, scope: 'openid email profile licenses offline_access', state: kept.state, nonce: kept.nonce,
      code_challenge: sha256(kept.verifier).toString('base64url'), code_challenge_method: 'S256', ...more,
    })
    return { url: url.href, kept }
  }

  /** What came back: section 3.1.2.5, and RFC 9207. */
  answer({ url }, { state }) {
    assert.equal(url?.origin + url?.pathname, callback)
    assert.equal(url.searchParams.get('state'), state)
    assert.equal(url.searchParams.get('iss'), issuer)
    return url.searchParams
  }

  /** Asks one of the provider's endpoints as this application. */
  async post(endpoint, form, secret = this.secret) {
    const headers = {}
    if (secret) headers.Authorization = 'Basic ' + Buffer.from(encodeURIComponent(this.id) + ':' + encodeURIComponent(secret)).toString('base64')
    else form = { ...form, client_id: this.id }
    const res = await fetch(this.found[endpoint], { method: 'POST', headers, body: new URLSearchParams(form) })
    const text = await res.text()
    return { status: res.status, said: text ? JSON.parse(text) : {} }
  }

  redeem(code, verifier) {
    return this.post('token_endpoint', { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier })
  }

  refresh(refresh_token) {
    return this.post('token_endpoint', { grant_type: 'refresh_token', refresh_token })
  }

  /** The claims of an ID token, section 3.1.3.7; with nonce and access token where there is one to compare. */
  async claims(idToken, { nonce, accessToken } = {}) {
    const [head, body, signature] = idToken.split('.')
    const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url'))
    assert.equal(alg, 'RS256')
    const { keys } = await (await fetch(this.found.jwks_uri)).json()
    const jwk = keys.find((k) => k.kid === kid)
    assert.ok(jwk && jwk.kty === 'RSA' && !('d' in jwk), 'the key that it is signed with is shown, and not more of it')
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const good = (text) => verify('RSA-SHA256', Buffer.from(text), key, Buffer.from(signature, 'base64url'))
    assert.ok(good(`${head}.${body}`))
    assert.ok(!good(`${head}.${body}x`))
    const claims = JSON.parse(Buffer.from(body, 'base64url'))
    const now = Date.now() / 1000
    assert.equal(claims.iss, issuer)
    assert.ok([claims.aud].flat().includes(this.id))
    assert.ok(claims.exp > now && claims.iat < now + 60, `${claims.iat} … ${claims.exp} at ${now}`)
    if (nonce) assert.equal(claims.nonce, nonce)
    if (accessToken && claims.at_hash) assert.equal(claims.at_hash, sha256(accessToken).subarray(0, 16).toString('base64url'))
    return claims
  }

  async userinfo(accessToken) {
    const res = await fetch(this.found.userinfo_endpoint, { headers: { Authorization: 'Bearer ' + accessToken } })
    return { status: res.status, said: res.ok ? await res.json() : await res.text() }
  }
}

/** Sends a browser away and takes what it brings back. */
async function signOn(application, browser, more) {
  const { url, kept } = application.ask(more)
  let at = await browser.open(url)
  if (at.text) at = await browser.send(at, '/signin', { email: ada.email, password: ada.password })
  const answer = application.answer(at, kept)
  return { answer, kept, code: answer.get('code') }
}

let found, inkwell

before(async () => {
  const res = await fetch(issuer + '/.well-known/openid-configuration')
  assert.equal(res.status, 200)
  found = await res.json()
  inkwell = new Application(app, found)
  const browser = new Browser() // of the customer, who comes from AWS Marketplace
  const form = await browser.open('/register', { 'x-amzn-marketplace-token': token })
  const done = await browser.send(form, '/register/signup', ada)
  assert.equal(done.status, 200, done.text)
})

test('discovery', () => {
  assert.equal(found.issuer, issuer)
  for (const [name, want] of Object.entries({ code_challenge_methods_supported: 'S256', id_token_signing_alg_values_supported: 'RS256', response_types_supported: 'code', grant_types_supported: 'refresh_token' })) {
    assert.ok(found[name]?.includes(want), `${name}: ${found[name]}`)
  }
  for (const name of ['authorization', 'token', 'userinfo', 'revocation', 'introspection', 'end_session']) assert.ok(found[name + '_endpoint'].startsWith(issuer + '/'), name)
  assert.equal(found.authorization_response_iss_parameter_supported, true)
})

test('an application with a secret', async () => {
  const browser = new Browser()
  const first = await signOn(inkwell, browser)
  assert.equal((await inkwell.redeem(first.code, random())).said.error, 'invalid_grant', 'a verifier of somebody else')
  const { code, kept } = await signOn(inkwell, browser) // signed in: nobody is asked
  const { status, said } = await inkwell.redeem(code, kept.verifier)
  assert.equal(status, 200, JSON.stringify(said))
  assert.equal(said.token_type.toLowerCase(), 'bearer')
  const who = await inkwell.claims(said.id_token, { nonce: kept.nonce, accessToken: said.access_token })
  assert.equal(who.email, ada.email)
  assert.equal(who.name, ada.name)
  assert.equal(who['https://souk.dev/claims/account'].role, 'owner')
  assert.deepEqual(who['https://souk.dev/claims/licenses'].map((l) => l.state), ['active'])
  const info = await inkwell.userinfo(said.access_token)
  assert.equal(info.said.sub, who.sub)
  assert.equal(info.said.email, ada.email)
  const inside = await inkwell.post('introspection_endpoint', { token: said.access_token })
  assert.equal(inside.said.active, true)
  assert.equal(inside.said.sub, who.sub)

  assert.equal((await inkwell.redeem(code, kept.verifier)).said.error, 'invalid_grant', 'a code once more')
  assert.equal((await inkwell.userinfo(said.access_token)).status, 401, 'what a code that came twice has brought')
})

test('refreshing', async () => {
  const { code, kept } = await signOn(inkwell, new Browser())
  const begun = (await inkwell.redeem(code, kept.verifier)).said
  const next = await inkwell.refresh(begun.refresh_token)
  assert.equal(next.status, 200, JSON.stringify(next.said))
  assert.notEqual(next.said.refresh_token, begun.refresh_token)
  assert.equal((await inkwell.claims(next.said.id_token)).sub, (await inkwell.claims(begun.id_token)).sub)
  assert.equal((await inkwell.refresh(begun.refresh_token)).said.error, 'invalid_grant', 'one that was used')
  assert.equal((await inkwell.refresh(next.said.refresh_token)).said.error, 'invalid_grant', 'what came of it')
})

test('revoking', async () => {
  const { code, kept } = await signOn(inkwell, new Browser())
  const { access_token, refresh_token } = (await inkwell.redeem(code, kept.verifier)).said
  assert.equal((await inkwell.post('revocation_endpoint', { token: refresh_token, token_type_hint: 'refresh_token' })).status, 200)
  assert.equal((await inkwell.refresh(refresh_token)).said.error, 'invalid_grant')
  assert.equal((await inkwell.userinfo(access_token)).status, 401)
  assert.equal((await inkwell.post('introspection_endpoint', { token: access_token })).said.active, false)
})

test('an application without a secret', async () => {
  const bindery = new Application(page, found)
  const { code, kept } = await signOn(bindery, new Browser())
  assert.equal((await inkwell.redeem(code, kept.verifier)).said.error, 'invalid_grant', "another application's code")
  const again = await signOn(bindery, new Browser())
  const { status, said } = await bindery.redeem(again.code, again.kept.verifier)
  assert.equal(status, 200, JSON.stringify(said))
  assert.equal((await bindery.claims(said.id_token, { nonce: again.kept.nonce })).email, ada.email)
})

test('refusals', async () => {
  const browser = new Browser()
  const quiet = inkwell.ask({ prompt: 'none' })
  assert.equal(inkwell.answer(await browser.open(quiet.url), quiet.kept).get('error'), 'login_required')
  const bare = inkwell.ask({ code_challenge: '' })
  assert.equal(inkwell.answer(await browser.open(bare.url), bare.kept).get('error'), 'invalid_request', 'without PKCE')
  const elsewhere = await browser.open(inkwell.ask({ redirect_uri: 'https://evil.example/callback' }).url)
  assert.ok(elsewhere.status >= 400 && elsewhere.status < 500, 'an address that is not listed is not gone to')
  const { code, kept } = await signOn(inkwell, browser)
  const form = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: kept.verifier }
  const wrong = await inkwell.post('token_endpoint', form, 'not the secret')
  assert.deepEqual([wrong.status, wrong.said.error], [401, 'invalid_client'])
  assert.equal((await inkwell.userinfo('made up')).status, 401)
})

test('signing out', async () => {
  const browser = new Browser()
  const { code, kept } = await signOn(inkwell, browser)
  const { id_token, access_token } = (await inkwell.redeem(code, kept.verifier)).said
  const out = new URL(found.end_session_endpoint)
  out.search = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: signedOut, state: 'bye' })
  assert.equal((await browser.open(out.href)).url.href, signedOut + '?state=bye')
  const quiet = inkwell.ask({ prompt: 'none' })
  assert.equal(inkwell.answer(await browser.open(quiet.url), quiet.kept).get('error'), 'login_required')
  assert.equal((await inkwell.userinfo(access_token)).status, 401)
})
