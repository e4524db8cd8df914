// Checks every store at once, each with its own timeout, so that a store that hangs does not hide the others.
import { errorSummary } from '../log.ts'
import { isOverdue, type PendingSummary } from './pending-raises.ts'
import { StoreUnavailable, within } from './unavailable.ts'

export type StoreCheck = {
  ok: boolean
  ms: number
  /** For admins and owners: why the check failed. */
  problem: string | null
}

export type Readiness = {
  ready: boolean
  /** When the last check ended (ms). */
  at: number
  checks: Record<'database' | 'cache' | 'fence' | 'meter' | 'queue' | 'raises', StoreCheck>
  /** null: D1 did not answer. */
  pending: PendingSummary | null
}

/** Each call resolves when its store answers. A queue has no such call: only its binding is checked. */
export type ReadinessStores = {
  pending(): Promise<PendingSummary>
  cache(): Promise<unknown>
  fence(): Promise<unknown>
  meter(): Promise<unknown>
  isQueueBound: boolean
}

export const checkTimeoutMs = 2_000

/** Never throws. */
export async function checkStores(stores: ReadinessStores, now: () => number): Promise<Readiness> {
  const timed = async <Answer>(name: string, check: () => Promise<Answer>) => {
    const from = now()
    const answer = await within(name, checkTimeoutMs, Promise.resolve().then(check)).catch(
      asFailure,
    )
    return { answer, ms: now() - from }
  }
  const [database, cache, fence, meter] = await Promise.all([
    timed('D1', stores.pending),
    timed('KV', stores.cache),
    timed('fence', stores.fence),
    timed('meter', stores.meter),
  ])
  const pending = database.answer instanceof StoreUnavailable ? null : database.answer
  const checks = {
    database: checkOf(database),
    cache: checkOf(cache),
    fence: checkOf(fence),
    meter: checkOf(meter),
    queue: stores.isQueueBound
      ? good
      : { ...good, ok: false, problem: 'No queue is bound as USAGE.' },
    raises: checkPending(pending, now()),
  }
  return { ready: Object.values(checks).every(({ ok }) => ok), at: now(), checks, pending }
}

function asFailure(error: unknown): StoreUnavailable {
  return error instanceof StoreUnavailable ? error : new StoreUnavailable('store', error)
}

const good: StoreCheck = { ok: true, ms: 0, problem: null }

function checkOf({ answer, ms }: { answer: unknown; ms: number }): StoreCheck {
  const failed = answer instanceof StoreUnavailable
  return { ok: !failed, ms, problem: failed ? errorSummary(answer) : null }
}

function checkPending(pending: PendingSummary | null, nowMs: number): StoreCheck {
  if (pending === null) return { ...good, ok: false, problem: 'D1 did not report pending changes.' }
  if (!isOverdue(pending, nowMs)) return good
  const problem = `Changes wait for ${pending.fences.join(', ')}.`
  return { ...good, ok: false, problem }
}
