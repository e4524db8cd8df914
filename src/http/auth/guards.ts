// The guards of management: who calls, and whether their role may change anything.
import type { Context, MiddlewareHandler } from 'hono'
import type { Actor, PersonCredential } from '../../core/actor.ts'
import { isBounded } from '../../core/grant.ts'
import { type Role, roles } from '../../core/role.ts'
import type { AccountStanding } from '../../core/standing.ts'
import { isSteppedUp } from '../../core/step-up.ts'
import { needsOf, type UnmetNeeds } from '../../core/verdict.ts'
import type { Person } from '../../identity/session.ts'
import { findManager } from '../../storage/key-store.ts'
import type { AppEnv } from '../app-env.ts'
import { recordPerson } from '../report.ts'
import { invalidFields, Problem } from '../response/problem.ts'
import { stepUpRequired } from '../response/step-up.ts'
import { onlyReads } from '../routing/method.ts'
import { readCredential } from './credentials.ts'
import { accountHeader, namedAccount, noSuchAccount } from './named-account.ts'
import { personWithJwt, personWithSession, suspensionOf } from './people.ts'
import {
  authenticateAnyKey,
  ownRequest,
  type Principal,
  refuseOtherAccount,
  refuseTokenInQuery,
} from './principal.ts'

/**
 * Sets `c.var.actor` and the standing of its account: a person by session or JWT, or a key that holds `keys:manage`, or
 * `platform:manage` and names an account.
 */
export const manager: MiddlewareHandler<AppEnv> = async function manager(c, next) {
  const { actor, standing } = await actorOf(c)
  if (actor.kind === 'person') {
    recordPerson(c.env.report, actor.accountId, c.env.clock.now())
    if (!onlyReads(c.req)) refuseReader(actor, standing)
  }
  c.set('actor', actor)
  c.set('standing', standing)
  await next()
}

/** @throws Problem 403 */
function refuseReader(
  { role }: Extract<Actor, { kind: 'person' }>,
  standing: AccountStanding,
): void {
  if (role === 'member') {
    const detail = 'Members may read. Ask an admin or an owner of the account for changes.'
    throw new Problem('forbidden', { detail })
  }
  const suspended = suspensionOf(standing)
  if (suspended !== null) throw suspended
}

/** After `manager`: the health of the deployment is no tenant's. */
export const inPlatform: MiddlewareHandler<AppEnv> = async function inPlatform(c, next) {
  if (!c.var.standing.isPlatform) {
    const detail = 'Only the account that operates this deployment may do this.'
    throw new Problem('forbidden', { detail })
  }
  await next()
}

/** After `manager`: a person with this role or a stronger one; never a key. */
export function personOfRole(weakest: Role): MiddlewareHandler<AppEnv> {
  const allowed = roles.slice(0, roles.indexOf(weakest) + 1)
  return async function personOfRole(c, next) {
    const { actor } = c.var
    if (actor.kind !== 'person' || !allowed.includes(actor.role)) {
      const detail = `Only ${allowed.join('s and ')}s of the account may do this, in person.`
      throw new Problem('forbidden', { detail })
    }
    await next()
  }
}

/** After `manager`: webhooks and usage of an account show all its keys, so no key with bounds has a part in them. */
export const withoutBounds: MiddlewareHandler<AppEnv> = async function withoutBounds(c, next) {
  const { actor } = c.var
  if (actor.kind === 'key' && isBounded(actor.mayGrant)) {
    throw new Problem('forbidden', { detail: 'The may_grant of this key has bounds.' })
  }
  await next()
}

/** After `manager`: webhooks of an account are its own affair. */
export const notByPlatform: MiddlewareHandler<AppEnv> = async function notByPlatform(c, next) {
  const { actor } = c.var
  if (actor.kind === 'key' && actor.platform) {
    throw new Problem('forbidden', { detail: 'A key of the platform manages keys only.' })
  }
  await next()
}

/**
 * After the guards of rights, which step-up does not extend: a person who was proved within the last ten minutes.
 * Keys are guarded by what they become (keys/powers.ts).
 */
export const steppedUp: MiddlewareHandler<AppEnv> = async function steppedUp(c, next) {
  const { actor } = c.var
  if (actor.kind === 'person' && !actor.isSteppedUp) throw stepUpRequired(actor.credential)
  await next()
}

/** Sets `c.var.actor`: an owner of the platform in person, or a key that holds `platform:manage`, in no account. */
export const platformManager: MiddlewareHandler<AppEnv> = async function platformManager(c, next) {
  const credential = readCredential(c.req.raw.headers)
  const isKey = credential.kind === 'key'
  const { actor, standing } = isKey ? await keyOfPlatform(c, credential.token) : await actorOf(c)
  if (actor.kind === 'person') {
    recordPerson(c.env.report, actor.accountId, c.env.clock.now())
    if (actor.role !== 'owner' || !standing.isPlatform) {
      const detail = 'Only owners of the account that operates this deployment may do this.'
      throw new Problem('forbidden', { detail })
    }
  }
  c.set('actor', actor)
  c.set('standing', standing)
  await next()
}

async function keyOfPlatform(c: Context<AppEnv>, token: string): Promise<Acting> {
  refuseTokenInQuery(c.env.config, c.req.raw.url, true)
  const needs = needsOf('platform:manage')
  const principal = await authenticateAnyKey(c, token, needs, ownRequest(c.req.raw), () => null)
  return actingKey(c, principal, principal.accountId)
}

export type Acting = { actor: Actor; standing: AccountStanding }

export async function actorOf(c: Context<AppEnv>): Promise<Acting> {
  const credential = readCredential(c.req.raw.headers)
  refuseTokenInQuery(c.env.config, c.req.raw.url, credential.kind !== 'none')
  switch (credential.kind) {
    case 'key':
      return keyActor(c, credential.token)
    case 'jwt': {
      const person = await personWithJwt(c.env.people, credential.token, c.req.raw.headers)
      return personActor(person, 'jwt')
    }
    case 'none':
      return personActor(await personWithSession(c.env.people, c.req.raw), 'session')
  }
}

async function keyActor(c: Context<AppEnv>, token: string): Promise<Acting> {
  const { headers } = c.req.raw
  const principal = await authenticateAnyKey(c, token, needsOf(), ownRequest(c.req.raw), (each) =>
    refuseManager(headers, each),
  )
  return actingKey(c, principal, namedAccount(headers) ?? principal.accountId)
}

async function actingKey(
  c: Context<AppEnv>,
  { key, scopes, accountId: ownAccountId }: Principal,
  accountId: string,
): Promise<Acting> {
  if (key === null) throw new Error('A key was verified, but the principal has none.')
  const { id } = key
  const manager = await findManager(c.env.db, id, accountId)
  if (manager === null) throw noSuchAccount()
  const { standing, ...powers } = manager
  const isForeign = accountId !== ownAccountId
  // Nobody of another account created it.
  const createdBy = isForeign ? null : key.createdBy
  const platform = scopes.includes('platform:manage') && { platform: { isForeign } }
  const actor = { kind: 'key', id, accountId, scopes, createdBy, ...platform, ...powers } as const
  return { actor, standing }
}

/** A key of the platform names the account in which it acts; any other acts in its own. */
function refuseManager(headers: Headers, principal: Principal): Problem | UnmetNeeds | null {
  const { scopes } = principal
  if (scopes.includes('platform:manage')) {
    // Several headers arrive as one, joined by commas (RFC 9110 5.3).
    const isOne = headers.get(accountHeader)?.includes(',') === false
    return isOne ? null : unnamedAccount()
  }
  if (!scopes.includes('keys:manage')) return { missing: ['keys:manage'], missingAnyOf: [] }
  return refuseOtherAccount(headers, principal)
}

function unnamedAccount(): Problem {
  const message = 'A key with platform:manage names the one account in which it acts'
  return invalidFields([{ path: `header.${accountHeader}`, message }])
}

function personActor(person: Person, credential: PersonCredential): Acting {
  const { userId: id, accountId, role, provedAt, standing } = person
  // The time of people is the real one, as where their session or JWT expires.
  const isProved = isSteppedUp(provedAt, Date.now())
  const inPlatform = standing.isPlatform
  const place = { accountId, role, credential, inPlatform }
  return { actor: { kind: 'person', id, ...place, isSteppedUp: isProved }, standing }
}
