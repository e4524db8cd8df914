// What mends a refusal, from its code and what is known of the request: for the request log, the playground and the first
// request of a key. Pure: no React, no I/O.
import type { VerifyAnswer } from '#contract/verify.ts'
import type { Check, Explanation } from './explain.ts'
import type { Change } from './key-change.ts'
import type { LoggedRequest } from './requests.ts'

/** What a request with a key is answered with, by a service or at the gateway. */
export type Outcome = VerifyAnswer['code'] | Explanation['code']

export type Facts = {
  /** What the key lacks, as it would be granted. */
  scopes: readonly string[]
  /** The address of the client, or its network. */
  address: string | null
  /** The environments that would do; null: not known. */
  environments: readonly string[] | null
}

/** `text`: what to do; on a button where a change of the key does it. */
export type Mend = { text: string; note?: string; change: Change | null }

const extraDays = 90
const advice = (text: string): Mend => ({ text, change: null })

/** Every code, so that a new one needs its mend; null: nothing is refused. */
const mends: Record<Outcome, (facts: Facts) => Mend | null> = {
  valid: () => null,

  insufficient_scope({ scopes }) {
    if (scopes.length === 0) return advice('Add the scope that the request needs to the key.')
    return { text: `Add ${list.format(scopes)}`, change: { edit: { scopes } } }
  },

  ip_not_allowed({ address }) {
    if (address === null) {
      return advice('Name the address of the client as ip when you verify the key.')
    }
    const note = address.includes('/') ? networkNote : undefined
    const change = { edit: { addresses: [address] } }
    return { text: `Allow ${address}`, change, ...(note && { note }) }
  },

  expired_api_key: () => ({
    text: `Let it expire in ${extraDays} days`,
    change: { edit: { days: extraDays } },
  }),

  disabled_api_key: () => ({ text: 'Enable the key', change: { open: 'enable' } }),

  revoked_api_key: () => ({
    text: 'Create another key',
    note: 'A revoked key never works again.',
    change: { go: '/keys/new' },
  }),

  wrong_environment({ environments }) {
    const [first] = environments ?? []
    if (first === undefined) return advice('Use a key of the environment that the request needs.')
    const change = { go: `/keys?${new URLSearchParams({ environment: first })}` }
    return { text: `Use a key of ${first}`, change }
  },

  rate_limited: () => ({
    text: 'Double its rate limits',
    note: 'Or send fewer requests, after Retry-After.',
    change: { edit: { times: 2 } },
  }),

  credits_exhausted: () => ({ text: 'Add credits', change: { open: 'add-credits' } }),

  account_suspended: () => advice('Ask who runs this deployment to resume the account.'),

  conflict: () => advice('Send another idempotency key for another cost when you verify the key.'),

  forbidden: () => advice('List the method and the path in the policy (latchkey.config.ts).'),

  invalid_request: () =>
    advice('Send the path without semicolons and without an encoded percent sign.'),

  not_found: () =>
    advice('Send the path without dot segments, empty segments and encoded slashes.'),

  invalid_api_key: () =>
    advice('Send the whole token of a key of this account, as it was shown once.'),

  authority_unavailable: () =>
    advice('Send it again: a store did not answer, and nothing is wrong with the key.'),
}

const list = new Intl.ListFormat('en')
const networkNote = 'The log holds the network of the client, not its address.'

/** null where nothing is refused, or the code is of a later release. */
export function mendOf(code: string, facts: Facts): Mend | null {
  return isOutcome(code) ? mends[code](facts) : null
}

const isOutcome = (code: string): code is Outcome => Object.hasOwn(mends, code)

/** Of an entry of the log. */
export function mendOfEntry({ code, needed_scope, address }: LoggedRequest): Mend | null {
  const scopes = needed_scope === null ? [] : [needed_scope]
  return mendOf(code, { scopes, address, environments: null })
}

/** Of a check that an explanation says is not passed. */
export function mendOfCheck(
  { code, passed }: Check,
  { needed, scopes, resources }: Explanation,
  ip: string | null,
): Mend | null {
  if (code === null || passed !== false) return null
  const held = new Set([...(scopes ?? []), ...(resources ?? [])])
  const lacks = (scope: string) => !held.has(scope) && !held.has(scope.split('#', 1)[0] ?? '')
  const anyOf = needed.any_of?.every(lacks) ? needed.any_of.slice(0, 1) : []
  const missing = [...needed.scopes.filter(lacks), ...anyOf]
  return mendOf(code, { scopes: missing, address: ip, environments: needed.environments })
}
