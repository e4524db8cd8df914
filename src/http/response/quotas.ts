// A full quota of the account becomes 429, whichever route met it and however deep in the cause it stands.
import type { Context } from 'hono'
import type { CountedQuota, QuotaExceeded } from '../../core/quotas.ts'
import { quotaExceeded } from '../../storage/quotas.ts'
import type { AppEnv } from '../app-env.ts'
import { answerFailure } from './failures.ts'
import { Problem } from './problem.ts'

/** In place of `answerFailure` for all that changes an account. */
export function answerFailedChange(error: Error, c: Context<AppEnv>): Response {
  return answerFailure(asQuotaProblem(error), c)
}

/** The problem of a full quota; any other error as it is. */
export function asQuotaProblem(error: Error): Error {
  const exceeded = quotaExceeded(error)
  if (exceeded === null) return error
  // No Retry-After: waiting does not help.
  return new Problem('quota_exceeded', { detail: quotaDetail(exceeded), cause: error })
}

const nouns: Record<CountedQuota, [one: string, more: string]> = {
  keys: ['unrevoked key', 'unrevoked keys'],
  members: ['member', 'members'],
  endpoints: ['webhook endpoint', 'webhook endpoints'],
}

/** Which quota, how many, and who can raise it. */
export function quotaDetail({ quota, max }: Pick<QuotaExceeded, 'quota' | 'max'>): string {
  const noun = nouns[quota][max === 1 ? 0 : 1]
  const count = max.toLocaleString('en-US')
  return `The account has reached its quota of ${count} ${noun}. The owners of the platform can raise it.`
}
