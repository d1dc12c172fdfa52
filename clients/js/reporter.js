// A reporter delivers events in the background, together. What it promises stands in index.d.ts.

import { open, readFile } from 'node:fs/promises'
import { maxBatch, newID, pause } from './client.js'

const longestPause = 60_000

export class Reporter {
  #client
  #o
  #waiting = [] // the oldest first
  #spool // undefined: events wait in memory only
  #disk = Promise.resolve() // what is done with the spool, one thing after the other
  #closed = false
  #hurry = false // deliver without waiting for others
  #stop = new AbortController()
  #wake = () => {}
  #leaving = [] // who waits for events to leave
  #running

  /** Use Reporter.open. */
  constructor(client, options) {
    this.#client = client
    this.#o = { delay: 1000, maxWaiting: 100_000, unstamped: false, ...options }
    this.#stop.signal.addEventListener('abort', () => this.#wake())
  }

  static async open(client, options = {}) {
    const r = new Reporter(client, options)
    if (options.spool) r.#waiting = await r.#openSpool(options.spool)
    r.#running = r.#run()
    return r
  }

  get waiting() {
    return this.#waiting.length
  }

  async add(...events) {
    const time = this.#o.unstamped ? undefined : new Date().toISOString()
    const taken = events.map((e) => ({ ...e, id: e.id || newID(), time: e.time ?? time }))
    while (!this.#closed && this.#waiting.length > 0 && this.#waiting.length + taken.length > this.#o.maxWaiting) {
      await this.#left()
    }
    if (this.#closed) throw new Error('souk: the reporter is closed')
    if (this.#spool) {
      await this.#onDisk(async () => {
        await this.#append(taken)
        this.#waiting.push(...taken)
      })
    } else {
      this.#waiting.push(...taken)
    }
    this.#wake()
  }

  async flush({ signal } = {}) {
    while (this.#waiting.length > 0) {
      signal?.throwIfAborted()
      await this.#left(signal)
    }
  }

  async close({ signal } = {}) {
    this.#closed = this.#hurry = true
    await this.#disk // what is being added comes along
    const end = () => this.#stop.abort()
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) end()
    this.#leave()
    this.#wake()
    await this.#running
    signal?.removeEventListener('abort', end)
    await this.#disk
    await this.#spool?.file.close()
    this.#spool = undefined
    return this.#waiting.slice()
  }

  async #run() {
    for (let fails = 0; ; ) {
      const batch = await this.#next()
      if (!batch) return
      let receipt
      try {
        receipt = await this.#client.report(batch, { signal: this.#stop.signal })
      } catch (err) {
        if (this.#stop.signal.aborted) return
        this.#o.failed?.(err)
        if (!(await pause(Math.min(this.#o.delay * 2 ** Math.min(fails++, 16), longestPause), this.#stop.signal))) return
        continue
      }
      fails = 0
      this.#waiting.splice(0, batch.length)
      if (this.#waiting.length === 0) this.#hurry = this.#closed
      if (this.#spool) await this.#onDisk(() => this.#tidy()).catch((err) => this.#o.failed?.(err))
      for (const no of receipt.rejected) this.#o.rejected?.(batch[no.index], no)
      this.#leave()
    }
  }

  // next waits for a full batch, for what has waited for the delay, or for whatever there is when it is wanted at once.
  // It gives undefined when there is nothing left to do.
  async #next() {
    const ready = () => this.#waiting.length >= maxBatch || (this.#waiting.length > 0 && this.#hurry)
    const batch = () => this.#waiting.slice(0, maxBatch)
    while (!this.#stop.signal.aborted) {
      if (ready()) return batch()
      if (this.#waiting.length === 0) {
        if (this.#closed) return undefined
        await this.#woken()
        continue
      }
      const enough = new AbortController()
      const delay = pause(this.#o.delay, enough.signal)
      let late = false
      while (!late && !ready() && !this.#stop.signal.aborted) late = await Promise.race([delay, this.#woken()])
      enough.abort()
      if (late) return batch()
    }
    return undefined
  }

  #woken() {
    return new Promise((resolve) => {
      this.#wake = () => resolve(false)
    })
  }

  // left waits until events have left, which it hurries.
  #left(signal) {
    this.#hurry = true
    this.#wake()
    return new Promise((resolve) => {
      this.#leaving.push(resolve)
      signal?.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #leave() {
    for (const resolve of this.#leaving.splice(0)) resolve()
  }

  #onDisk(what) {
    const done = this.#disk.then(what)
    this.#disk = done.catch(() => {})
    return done
  }

  // openSpool reads the events of a spool and makes it ready. Half a line at its end is what a power cut left of an event
  // whose adding was never answered.
  async #openSpool(path) {
    const data = await readFile(path).catch((err) => {
      if (err.code === 'ENOENT') return Buffer.alloc(0)
      throw err
    })
    const size = data.lastIndexOf(10) + 1
    const lines = data.subarray(0, size).toString('utf8').split('\n').slice(0, -1)
    const events = lines.map((line, i) => {
      try {
        return JSON.parse(line)
      } catch (cause) {
        throw new Error(`souk: line ${i + 1} of the spool ${path} is no event`, { cause })
      }
    })
    await (await open(path, 'a', 0o600)).close() // makes it, and leaves what is there alone
    const file = await open(path, 'r+')
    await file.truncate(size)
    await file.sync()
    this.#spool = { file, size }
    return events
  }

  // append returns when events are on disk; after an error none of them is in the spool.
  async #append(events) {
    const s = this.#spool
    const text = Buffer.from(events.map((e) => JSON.stringify(e) + '\n').join(''))
    try {
      for (let at = 0; at < text.length; ) {
        at += (await s.file.write(text, at, text.length - at, s.size + at)).bytesWritten
      }
      await s.file.sync()
    } catch (err) {
      await s.file.truncate(s.size)
      throw err
    }
    s.size += text.length
  }

  // tidy empties the spool when nothing waits. Until then it also holds events that were delivered: their ids make them
  // count nothing, should they be delivered again.
  async #tidy() {
    if (this.#waiting.length > 0) return
    await this.#spool.file.truncate(0)
    this.#spool.size = 0
  }
}
