// Changes a minute of an account: each is counted by a meter of the account before it is executed, so that no account
// takes the writes of D1 from the others. Reads ask no meter, nor does what only takes powers away: a thief who makes changes
// without end, or a meter that is down, would keep an owner from revoking a key or removing a member. It needs no quota: what
// was added, and counted, is removed once.
import type { Context, MiddlewareHandler } from 'hono'
import { isForeign } from '../../core/actor.ts'
import { membershipsOf } from '../../storage/people-store.ts'
import type { AppEnv } from '../app-env.ts'
import { unavailable } from '../response/failures.ts'
import { Problem } from '../response/problem.ts'
import { onlyReads, onlyRemoves } from '../routing/method.ts'

const windowSeconds = 60

/** After the guards of rights: who may not make a change uses up nothing. */
export const countChange: MiddlewareHandler<AppEnv> = async function countChange(c, next) {
  const { actor, standing } = c.var
  // A tenant that uses up its own quota must not keep the platform from revoking its keys.
  if (usesQuota(c) && !isForeign(actor)) {
    await takeChange(c, actor.accountId, standing.changesPerMinute)
  }
  await next()
}

/** Whether a request counts as one of the changes of a minute. */
export function usesQuota({ req }: Context<AppEnv>): boolean {
  return !onlyReads(req) && !onlyRemoves(req)
}

/** Of an endpoint of Better Auth, which refuses a member's change itself. @throws Problem 429, 503 */
export async function countChangeOfPerson(
  c: Context<AppEnv>,
  userId: string,
  accountId: string,
): Promise<void> {
  if (!usesQuota(c)) return
  const [changer] = await membershipsOf(c.env.db, userId, accountId)
  if (changer === undefined || changer.role === 'member') return
  await takeChange(c, accountId, changer.standing.changesPerMinute)
}

/** @param perMinute null: any number. @throws Problem 429; 503 where the meter does not answer */
async function takeChange(
  c: Context<AppEnv>,
  accountId: string,
  perMinute: number | null,
): Promise<void> {
  if (perMinute === null) return
  // A window of none has no time at which it admits one.
  if (perMinute === 0) throw tooMany(perMinute, windowSeconds)
  const seconds = await secondsUntil(c, `changes/${accountId}`, perMinute)
  if (seconds !== null) throw tooMany(perMinute, seconds)
}

/** Takes one of a minute's changes from a meter. @returns null, or the seconds until there is one. @throws Problem 503 */
export async function secondsUntil(
  c: Context<AppEnv>,
  meter: string,
  perMinute: number,
): Promise<number | null> {
  const windows = [{ name: 'changes', limit: perMinute, windowSeconds }]
  const request = { terms: { windows, credits: null }, cost: 0, idempotencyKey: null }
  const taken = await c.env.takeLimits(meter, request)
  if (taken.outcome === 'unavailable') throw unavailable(taken.cause)
  if (taken.outcome === 'passed') return null
  const seconds = 'retryAfterSeconds' in taken ? taken.retryAfterSeconds : null
  return seconds ?? windowSeconds
}

function tooMany(perMinute: number, seconds: number): Problem {
  const changes = perMinute === 1 ? 'change' : 'changes'
  return new Problem('quota_exceeded', {
    detail: `The account has reached its quota of ${perMinute.toLocaleString('en-US')} ${changes} a minute. The owners of the platform can raise it.`,
    headers: { 'retry-after': String(seconds) },
  })
}
