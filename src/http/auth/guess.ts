// What anonymous clients may try: a flood ends before any store is called, and a guess is counted before it is tried.
import type { Context } from 'hono'
import { networkOf } from '../../core/address.ts'
import { isSameSecret } from '../../core/secret.ts'
import { countAttempt } from '../../storage/attempts.ts'
import { floodPeriodSeconds, senderOf } from '../../storage/flood-limit.ts'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'

const addressOf = (c: Context<AppEnv>) => c.req.raw.headers.get('cf-connecting-ip')

/** Refused clients cost no store. Floods of tokens are counted apart (`verify`). @throws Problem 429 */
export async function refuseFlood(
  c: Context<AppEnv>,
  sender: string = senderOf(addressOf(c)),
): Promise<void> {
  if (await c.env.floodLimit.admits(`people/${sender}`)) return
  const detail = 'Too many requests from this address.'
  throw new Problem('rate_limited', { detail, headers: retryAfter(floodPeriodSeconds) })
}

/** Takes the count back: the guess was right. */
export type RightGuess = () => Promise<void>

/** Counts a guess by the network of the client, a minute at a time. @throws Problem 429, StoreUnavailable */
export async function countGuess(
  c: Context<AppEnv>,
  secret: 'setup-token' | 'invitation',
  maxPerMinute: number,
): Promise<RightGuess> {
  await refuseFlood(c)
  const key = `${secret}/${networkOf(addressOf(c)) ?? 'unknown'}`
  const counters = [{ key, max: maxPerMinute, windowMs: 60_000 }]
  const attempt = await countAttempt(c.env.db, counters, Date.now())
  if (attempt.kind === 'counted') return attempt.takeBack
  throw new Problem('rate_limited', {
    detail: 'Too many attempts.',
    headers: retryAfter(attempt.seconds),
  })
}

const setupTokensPerMinute = 10

/** Whether it is the SETUP_TOKEN of the deployment. @throws Problem 429, StoreUnavailable */
export async function isSetupToken(c: Context<AppEnv>, presented: string): Promise<boolean> {
  const right = await countGuess(c, 'setup-token', setupTokensPerMinute)
  if (!(await isSameSecret(presented, c.env.setupToken))) return false
  await right()
  return true
}

function retryAfter(seconds: number): Record<string, string> {
  return { 'retry-after': String(seconds) }
}
