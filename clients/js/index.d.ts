/** What the client throws, and what it takes and gives. The gateway's API is documented at its /openapi.json. */

/** A decimal number, written as one ("12.5") so that no rounding of floating point reaches a bill; whole numbers may be numbers. */
export type Quantity = string | number

export interface UsageEvent {
  /** Makes the event itself: another with the same id is a repetition and counts nothing. Made for you when left out. */
  id?: string
  /** The license ARN or the gateway's id; or the account (the gateway's id of it) and the product code that name one license. */
  license: string | { account: string; product: string }
  /** The API name of the metered unit. */
  dimension: string
  /** 0 or more; the gateway bills whole units and carries the rest. */
  quantity: Quantity
  /** When it was used; the time of arrival when left out. */
  time?: Date | string
  /** Split the usage for the buyer's cost reports. */
  tags?: Record<string, string>
}

export interface Rejection {
  index: number
  id: string
  /** For a program: "unknown_license", "unknown_dimension", … */
  code: string
  /** For a person. */
  message: string
}

/** The gateway's answer to a report: what it says is on its disk. */
export interface Receipt {
  accepted: number
  duplicates: number
  rejected: Rejection[]
}

export type LicenseState = 'pending' | 'active' | 'winding_down' | 'ended' | 'failed'

export interface License {
  id: string
  /** Only `active` and `winding_down` give access. */
  state: LicenseState
  why: string
  since: string
  next?: string
  by?: string
  /** Why the subscription is ending or has ended, by AWS's word; left out where it goes on, or AWS has not said. */
  endReason?: 'CANCELLED' | 'EXPIRED' | 'TERMINATED' | 'RENEWED' | 'REPLACED'
  activatedAt?: string
  finalWindowOpensAt?: string
  finalWindowClosesAt?: string
  /** When AWS told of a risk with the buyer that it has not called over since; it revokes nothing. */
  advisedAt?: string
  productCode: string
  licenseArn?: string
  customerAWSAccountId?: string
  customerIdentifier?: string
  agreementIds?: string[]
  offerId?: string
  account?: string
}

export interface Check {
  allowed: boolean
  reason: 'access' | 'entitled' | 'overage' | 'not_known' | 'stale' | 'no_access' | 'not_entitled' | 'exceeded' | 'expired'
  why: string
  /** What was bought of the dimension. */
  entitled?: number | string | boolean
  /** How much of it is used up, of dimensions that are metered, too. */
  used?: number
  expiresAt?: string
  /** When AWS said so. */
  asOf?: string
}

export interface HourUsage {
  dimension: string
  hour: string
  accepted: string
  carriedIn: string
  open: string
  sealed: string
  sent: string
  honoured: string
  carried: string
  unbillable: string
  reasons?: string[]
  record?: string
}

export interface Account {
  id: string
  email: string
  name: string
  company: string
}

/** Somebody who signs in for an account. */
export interface Person {
  id: string
  email: string
  name: string
  role: 'owner' | 'member'
}

export interface SignIn {
  account: Account
  /** Who signed in: one of the account's people. */
  person: Person
  licenses: Pick<License, 'id' | 'licenseArn' | 'productCode' | 'state' | 'why'>[]
}

export interface Registration {
  id: string
  state: 'open' | 'setting_up' | 'complete'
  why: string
  since: string
  license: string
  productCode: string
  licenseArn?: string
  customerAWSAccountId?: string
  customerIdentifier?: string
  offerType?: string
  account?: string
  /** Your own name for the customer, once the registration is complete. */
  reference?: string
  arrivals: number
  arrivedAt: string
  /** To the questions of your own that the gateway puts on the sign-up form, in their order. */
  answers?: Answer[]
}

/** What a buyer answered to one of your questions. A checkbox's value is "true" or "false". */
export interface Answer {
  name: string
  label: string
  type: 'text' | 'email' | 'long_text' | 'choice' | 'checkbox'
  value: string
}

/** One of your customers, whose account you keep. `reference` is the id of the account with you. */
export interface Customer {
  reference: string
  email?: string
  name?: string
  company?: string
}

export interface ClientOptions {
  /** How often a request is made in all; 5. */
  attempts?: number
  /** The pause after the first failure, in milliseconds; 100. It doubles, up to longestPause (5000). */
  firstPause?: number
  longestPause?: number
  /** How long one attempt may take, in milliseconds; 30,000. */
  timeout?: number
  userAgent?: string
  fetch?: typeof globalThis.fetch
  /** Makes the events' ids, in place of newID. */
  newID?: () => string
}

export interface CallOptions {
  signal?: AbortSignal
}

/**
 * Talks to one gateway. Every call is repeated while that may help; repeating counts nothing twice.
 * What fails is a {@link Problem} (the gateway said no) or {@link GatewayAway} (nothing whole was heard).
 */
export class Client {
  constructor(baseURL: string, apiKey: string, options?: ClientOptions)

  /**
   * Delivers events, and resolves when the gateway has them on its disk. Look at `rejected` even then. What it throws has
   * `undelivered`: the events, with their ids, that are not certainly delivered; report them again, as they are.
   */
  report(events: UsageEvent[], options?: CallOptions): Promise<Receipt>
  license(id: string, options?: CallOptions): Promise<License>
  licenses(filter?: { productCode?: string; account?: string; state?: LicenseState }, options?: CallOptions): AsyncGenerator<License>
  /** Whether a license may use so much more than `used` says or, where it says nothing, so much in all; 1 when left out. */
  check(id: string, options?: { dimension?: string; quantity?: Quantity } & CallOptions): Promise<Check>
  /** No more usage of a license that is ending will be reported. */
  finalize(id: string, options?: CallOptions): Promise<License>
  usage(id: string, options?: { from?: Date | string; to?: Date | string } & CallOptions): Promise<HourUsage[]>
  /** Where to send a browser to sign in; it comes back to returnTo with a handle in the parameter {@link signInParam}. */
  signInURL(productCode: string, returnTo: string): string
  redeemSignIn(handle: string, options?: CallOptions): Promise<SignIn>
  /** Who has arrived at your sign-up page with the handle in the parameter {@link registrationParam}; once, within five minutes. */
  redeemRegistration(handle: string, productCode: string, options?: CallOptions): Promise<Registration>
  /** Gives the registration's license to a customer of yours, for good. */
  completeRegistration(id: string, customer: Customer, options?: CallOptions): Promise<Registration>
  registrations(options?: CallOptions): AsyncGenerator<Registration>
}

/** A refusal, as the gateway words it (RFC 9457). */
export class Problem extends Error {
  status: number
  title: string
  /** A sentence for a person, which ends with what to do. */
  detail: string
  /** For a program: "unknown_license", … */
  code: string
  /** In milliseconds; 0: it did not say. */
  retryAfter: number
  /** Whether the same request may succeed later. */
  readonly temporary: boolean
  undelivered?: UsageEvent[]
}

/** A request without a whole answer: whether it took effect is unknown. */
export class GatewayAway extends Error {
  undelivered?: UsageEvent[]
}

export interface ReporterOptions {
  /** How long an event waits for others to travel with, in milliseconds; 1000. */
  delay?: number
  /** How many events may wait; 100,000. Beyond it `add` waits for room. */
  maxWaiting?: number
  /** A file that keeps the events that wait, so that not even a kill loses one. It is one reporter's alone. */
  spool?: string
  /** Leave events without a time as they are: only with a sandbox whose clock may be moved. */
  unstamped?: boolean
  /** Told of every event that can never be counted. */
  rejected?: (event: UsageEvent, why: Rejection) => void
  /** Told of every attempt that failed; it is made again, whatever the cause, with longer and longer pauses. */
  failed?: (err: unknown) => void
}

/** Delivers events in the background, together, and loses none that it has taken. */
export class Reporter {
  static open(client: Client, options?: ReporterOptions): Promise<Reporter>
  private constructor()
  /** Resolves when the events are taken: with a spool, when they are on disk. */
  add(...events: UsageEvent[]): Promise<void>
  readonly waiting: number
  /** Resolves when nothing waits any more. */
  flush(options?: CallOptions): Promise<void>
  /**
   * Takes nothing more, delivers what waits, and ends. When signal aborts first, it resolves to the events that are left:
   * with a spool the next reporter delivers them; without one, they are yours to keep.
   */
  close(options?: CallOptions): Promise<UsageEvent[]>
}

/** A UUID of version 7: no other is the same, and it grows with time. */
export function newID(now?: number): string
export const signInParam: 'souk_signin'
export const registrationParam: 'souk_registration'
