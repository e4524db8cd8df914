// What anonymous clients may try: a flood ends before any store is called, and a guess is counted before it is tried.
import type { Context } from 'hono'
import { networkOf } from '../../core/address.ts'
import { isSameSecret } from '../../core/secret.ts'
import { digestOf } from '../../core/token.ts'
import { type Counter, countAttempt } from '../../storage/attempts.ts'
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
  secret: 'setup-token' | 'invitation' | 'reset-token' | 'confirmation-token' | 'portal-code',
  maxPerMinute: number,
): Promise<RightGuess> {
  await refuseFlood(c)
  return counted(c, [ofNetwork(c, secret, maxPerMinute)])
}

const anonymousPerMinute = 10
const mailsPerHour = 3

/**
 * Counts an anonymous wish for a message to an address, by the network of the client and by the address, whether or not
 * somebody has it. Every one counts: the limit is on what is sent. @throws Problem 429, StoreUnavailable
 */
export async function countMailTo(
  c: Context<AppEnv>,
  what: 'reset' | 'confirmation',
  email: string,
): Promise<void> {
  await refuseFlood(c)
  const key = `${what}/to/${await digestOf(email)}`
  const ofAddress = { key, max: mailsPerHour, windowMs: 60 * 60_000 }
  await counted(c, [ofNetwork(c, what, anonymousPerMinute), ofAddress])
}

function ofNetwork(c: Context<AppEnv>, what: string, maxPerMinute: number): Counter {
  const key = `${what}/${networkOf(addressOf(c)) ?? 'unknown'}`
  return { key, max: maxPerMinute, windowMs: 60_000 }
}

async function counted(c: Context<AppEnv>, counters: Counter[]): Promise<RightGuess> {
  const attempt = await countAttempt(c.env.db, counters, Date.now())
  if (attempt.kind === 'counted') return attempt.takeBack
  throw new Problem('rate_limited', {
    detail: 'Too many attempts.',
    headers: retryAfter(attempt.seconds),
  })
}

/** Whether it is the SETUP_TOKEN of the deployment. @throws Problem 429, StoreUnavailable */
export async function isSetupToken(c: Context<AppEnv>, presented: string): Promise<boolean> {
  const right = await countGuess(c, 'setup-token', anonymousPerMinute)
  if (!(await isSameSecret(presented, c.env.setupToken))) return false
  await right()
  return true
}

function retryAfter(seconds: number): Record<string, string> {
  return { 'retry-after': String(seconds) }
}
