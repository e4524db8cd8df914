// What is recorded of a request while it is handled, for its log line and its usage. No I/O.
import type { Context } from 'hono'
import type { ProblemCode } from '../contract/problems.ts'
import type { LimitsRemaining } from '../core/limits.ts'
import type { Metered } from '../keys/consume-limits.ts'
import type { Verification } from '../keys/verify.ts'

/** The outcome of one verification; `ms` runs from the beginning of the request. */
export type CheckedToken = {
  verdict: Metered['verdict']['code']
  tier: Verification['tier']
  ms: number
  keyId: string | null
  accountId: string | null
}

/** A request of a known key that the log of its account is to hold. */
export type SampledUse = {
  accountId: string
  keyId: string
  code: string
  neededScope: string | null
  tier: Verification['tier']
  /** The address of the client, as far as it is known. */
  ip: string | null
  /** Not a request to this Worker, but one that a service verified. */
  isChecked: boolean
}

export type Report = {
  /** In every response and log line. Never taken from the client, who could forge log lines with it. */
  readonly id: string
  readonly startedAt: number
  /** The credential of the request. */
  caller: CheckedToken | null
  /** What the limits of the caller's key have left; null where no meter was consulted. */
  remaining: LimitsRemaining | null
  /** The tokens that a service verified with this request. */
  checked: CheckedToken[]
  /** Of the caller and of `checked`, where the log is to hold them. */
  sampled: SampledUse[]
  /** The request that a policy decided about: its method, and the pattern of the route where one is listed. */
  target: { method: string; pattern: string | null } | null
  /** Of the problem that was answered. */
  code: ProblemCode | null
  cause: unknown
  /** Of the innermost router that handled the request: it knows the route. */
  context: Context | null
  /** The response was made with all its headers. */
  isHardened: boolean
}

export function createReport(startedAt: number): Report {
  const id = crypto.randomUUID()
  return {
    id,
    startedAt,
    caller: null,
    remaining: null,
    checked: [],
    sampled: [],
    target: null,
    code: null,
    cause: null,
    context: null,
    isHardened: false,
  }
}

export function recordCaller(
  report: Report,
  verification: Metered | Verification,
  nowMs: number,
): void {
  report.caller = checkedToken(report, verification, nowMs)
  if ('remaining' in verification.verdict) report.remaining = verification.verdict.remaining ?? null
}

export function recordCheck(
  report: Report,
  verification: Metered | Verification,
  nowMs: number,
): void {
  report.checked.push(checkedToken(report, verification, nowMs))
}

/** A person, by session or JWT: no tier is involved. */
export function recordPerson(report: Report, accountId: string, nowMs: number): void {
  const ms = nowMs - report.startedAt
  report.caller = { verdict: 'valid', tier: 'none', ms, keyId: null, accountId }
}

function checkedToken(
  report: Report,
  { verdict, tier, cause }: Metered | Verification,
  nowMs: number,
): CheckedToken {
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
