// What becomes known of a request on its way, for its log line and its usage. Nothing here does I/O.
import type { Context } from 'hono'
import type { ProblemCode } from '../contract/problems.ts'
import type { LimitsRemaining } from '../core/limits.ts'
import type { Metered } from '../keys/consume-limits.ts'
import type { Verification } from '../keys/verify.ts'

/** What one verification found; `ms` from the beginning of the request until it was known. */
export type Check = {
  verdict: Metered['verdict']['code']
  tier: Verification['tier']
  ms: number
  keyId: string | null
  accountId: string | null
}

export type Report = {
  /** Known in every answer and log line. Made here, never taken from the client, who could forge lines with it. */
  readonly id: string
  startedAt: number
  /** Of the credential of the request itself. */
  caller: Check | null
  /** What the limits of the caller's key have left; null where no meter was asked. */
  remaining: LimitsRemaining | null
  /** Of the tokens that a service asked about. */
  asked: Check[]
  /** Of the failure that was answered. */
  code: ProblemCode | null
  cause: unknown
  /** The innermost router that saw the request: it knows the route. */
  context: Context | null
}

export function createReport(startedAt: number): Report {
  const id = crypto.randomUUID()
  return {
    id,
    startedAt,
    caller: null,
    remaining: null,
    asked: [],
    code: null,
    cause: null,
    context: null,
  }
}

export function recordCaller(
  report: Report,
  verification: Metered | Verification,
  nowMs: number,
): void {
  report.caller = checkOf(report, verification, nowMs)
  if ('remaining' in verification.verdict) report.remaining = verification.verdict.remaining ?? null
}

export function recordCheck(
  report: Report,
  verification: Metered | Verification,
  nowMs: number,
): void {
  report.asked.push(checkOf(report, verification, nowMs))
}

/** A person, by session or JWT: no tier of ours answered for them. */
export function recordPerson(report: Report, accountId: string, nowMs: number): void {
  const ms = nowMs - report.startedAt
  report.caller = { verdict: 'valid', tier: 'none', ms, keyId: null, accountId }
}

function checkOf(
  report: Report,
  { verdict, tier, cause }: Metered | Verification,
  nowMs: number,
): Check {
  const record = 'record' in verdict ? verdict.record : null
  if (cause !== undefined) report.cause ??= cause
  return {
    verdict: verdict.code,
    tier,
    ms: nowMs - report.startedAt,
    keyId: record?.id ?? null,
    accountId: record?.accountId ?? null,
  }
}
