// Who calls the portal: a key that opens sessions, or a customer by their session. Nothing else counts there, and a session
// counts nowhere else.
import type { Context, MiddlewareHandler } from 'hono'
import { credentialsOf } from '../../../contract/credentials.ts'
import { needsOf } from '../../../core/verdict.ts'
import { isOfForeignPage } from '../../../identity/origins.ts'
import { type Customer, customerOf, renewalOf } from '../../../keys/portal.ts'
import { findManager } from '../../../storage/key-store.ts'
import { renewSession } from '../../../storage/portal-sessions.ts'
import type { AppEnv } from '../../app-env.ts'
import { secondsUntil, usesQuota } from '../../auth/change-quota.ts'
import { noSuchAccount } from '../../auth/named-account.ts'
import { authenticate, refuseTokenInQuery } from '../../auth/principal.ts'
import { createCors } from '../../gateway/cors.ts'
import { recordPerson } from '../../report.ts'
import { Problem } from '../../response/problem.ts'
import { challenge, missingCredential } from '../../response/refusals.ts'
import { keySettingsOf } from '../../routing/caller.ts'
import type { AppSettings } from '../../services.ts'

/** Sets `c.var.actor`: a key that holds `keys:portal`, in its own account. */
export const opener: MiddlewareHandler<AppEnv> = async function opener(c, next) {
  const { key, scopes, accountId } = await authenticate(c, needsOf('keys:portal'))
  if (key === null) throw new Error('A person holds keys:portal.')
  const manager = await findManager(c.env.db, key.id, accountId)
  if (manager === null) throw noSuchAccount()
  const { standing, ...powers } = manager
  const { id, createdBy } = key
  c.set('actor', { kind: 'key', id, accountId, scopes, createdBy, ...powers })
  c.set('standing', standing)
  await next()
}

/** Sets `c.var.customer`, and what they act as. */
export const customer: MiddlewareHandler<AppEnv> = async function customer(c, next) {
  const found = await authenticatedCustomer(c)
  const { actor, session, standing } = found
  const nowMs = c.env.clock.now()
  recordPerson(c.env.report, actor.accountId, nowMs)
  c.set('actor', actor)
  c.set('standing', standing)
  const expiresAt = c.env.changesStopped ? null : renewalOf(session, nowMs)
  if (expiresAt !== null) await renewSession(c.env.db, session.id, expiresAt, nowMs)
  c.set('customer', {
    ...found,
    session: { ...session, expiresAt: expiresAt ?? session.expiresAt },
  })
  await next()
}

async function authenticatedCustomer(c: Context<AppEnv>): Promise<Customer> {
  const { headers, url } = c.req.raw
  const token = credentialsOf(headers, 'bearer')
  const presented = headers.has('x-api-key') || token !== null
  refuseTokenInQuery(c.env.config, url, presented)
  if (!presented) throw missingCredential('Open the portal by its link, which begins a session.')
  // X-API-Key wins where both are there, and no key counts here.
  if (token === null || headers.has('x-api-key')) throw ended()
  const found = await customerOf(c.env.db, await keySettingsOf(c), token)
  if (found === null) throw ended()
  return found
}

export function ended(): Problem {
  const detail = 'This is no portal session, or it has ended: open the portal again.'
  return new Problem('invalid_token', { detail, headers: challenge('invalid_token') })
}

const changesPerMinute = 60

/** No customer takes the changes of the account, and so those of the others. */
export const countOfCustomer: MiddlewareHandler<AppEnv> = async function countOfCustomer(c, next) {
  if (usesQuota(c)) {
    const { accountId, externalId } = c.var.customer.session
    const seconds = await secondsUntil(c, `portal/${accountId}/${externalId}`, changesPerMinute)
    if (seconds !== null) {
      const headers = { 'retry-after': String(seconds) }
      throw new Problem('rate_limited', { detail: 'Too many changes in a minute.', headers })
    }
  }
  await next()
}

/** Our own pages and those of `cors.origins`; a client that is no browser names none. */
export function fromKnownPage({ config }: AppSettings): MiddlewareHandler<AppEnv> {
  const { cors } = config
  const listed = new Set(cors === null || cors === 'upstream' ? [] : cors.origins)
  return async function fromKnownPage(c, next) {
    const { headers } = c.req.raw
    if (!listed.has(headers.get('origin') ?? '') && isOfForeignPage(headers, c.env.baseUrl)) {
      throw new Problem('forbidden', {
        detail: 'A page of another origin may not act in the portal (cors.origins).',
      })
    }
    await next()
  }
}

/** The answers of the portal to pages of `cors.origins`; null: there are none. */
export function corsOfPortal({ config }: AppSettings): MiddlewareHandler<AppEnv> | null {
  const { cors } = config
  return cors === null || cors === 'upstream' ? null : createCors(cors, config)
}
