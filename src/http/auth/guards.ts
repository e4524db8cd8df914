// The guards of management: who calls, and whether their role may change anything.
import type { Context, MiddlewareHandler } from 'hono'
import type { Actor, PersonCredential } from '../../core/actor.ts'
import { isBounded } from '../../core/grant.ts'
import { type Role, roles } from '../../core/role.ts'
import { isSteppedUp } from '../../core/step-up.ts'
import { needsOf } from '../../core/verdict.ts'
import type { Person } from '../../identity/session.ts'
import { findManager } from '../../storage/key-store.ts'
import type { AppEnv } from '../app-env.ts'
import { recordPerson } from '../report.ts'
import { Problem } from '../response/problem.ts'
import { stepUpRequired } from '../response/refusals.ts'
import { reportOf } from '../response/reporting.ts'
import { onlyReads } from '../routing/method.ts'
import { readCredential } from './credentials.ts'
import { personWithJwt, personWithSession } from './people.ts'
import { authenticateKey, refuseTokenInQuery } from './principal.ts'

/** Sets `c.var.actor`: a person by session or JWT, or a key that holds `keys:manage`. */
export const manager: MiddlewareHandler<AppEnv> = async function manager(c, next) {
  const actor = await actorOf(c)
  if (actor.kind === 'person') recordPerson(reportOf(c), actor.accountId, c.env.clock.now())
  if (!onlyReads(c.req) && actor.kind === 'person' && actor.role === 'member') {
    const detail = 'Members may read. Ask an admin or an owner of the account for changes.'
    throw new Problem('forbidden', { detail })
  }
  c.set('actor', actor)
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

/**
 * After the guards of rights, which step-up does not extend: a person who was proved within the last ten minutes.
 * Keys are guarded by what they become (keys/powers.ts).
 */
export const steppedUp: MiddlewareHandler<AppEnv> = async function steppedUp(c, next) {
  const { actor } = c.var
  if (actor.kind === 'person' && !actor.isSteppedUp) throw stepUpRequired(actor.credential)
  await next()
}

export async function actorOf(c: Context<AppEnv>): Promise<Actor> {
  const credential = readCredential(c.req.raw.headers)
  refuseTokenInQuery(c.env.config, c.req.raw.url, credential.kind !== 'none')
  switch (credential.kind) {
    case 'key': {
      const principal = await authenticateKey(c, credential.token, needsOf('keys:manage'))
      const { accountId, scopes, key } = principal
      if (key === null) throw new Error('A key was verified, but the principal has none.')
      const manager = await findManager(c.env.db, key.id)
      return { kind: 'key', id: key.id, accountId, scopes, createdBy: key.createdBy, ...manager }
    }
    case 'jwt':
      return personActor(await personWithJwt(c.env.people, credential.token), 'jwt')
    case 'none':
      return personActor(await personWithSession(c.env.people, c.req.raw), 'session')
  }
}

function personActor(person: Person, credential: PersonCredential): Actor {
  const { userId: id, accountId, role, provedAt } = person
  // The time of people is the real one, as where their session or JWT expires.
  return {
    kind: 'person',
    id,
    accountId,
    role,
    credential,
    isSteppedUp: isSteppedUp(provedAt, Date.now()),
  }
}
