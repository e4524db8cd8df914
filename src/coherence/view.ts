// What an isolate knows of its fence, on a lease: how fresh a record of any key must be, without a call. The view is
// renewed behind an answer about twice a lease, whatever the number of keys; a change waits the lease out.
import { groupOf } from '../core/subject.ts'
import type { FenceAnswer, Since } from './fence.ts'

/**
 * At some moment not before `from`, the floor of a digest was at most `max(base, floors[digest] ?? horizon)`, and the
 * floor of a group at most `max(base, floors[group] ?? base)`.
 */
export type View = {
  readonly epoch: string
  rev: number
  from: number
  base: number
  readonly horizon: number
  readonly floors: Map<string, number>
}

/** A question to the fence: a lease runs from when it was put. */
export type Question = { askedAt: number; view: View | null; since: Since | null }

/** Floors that a view holds at most: more than a full answer has. */
export const usualMaxFloors = 20_000

/** The lowest valid `asOf` of a record. */
export function requiredSeqOf(
  { base, horizon, floors }: View,
  digest: string,
  { accountId }: { accountId: string },
): number {
  return Math.max(base, floors.get(digest) ?? horizon, floors.get(groupOf(accountId)) ?? base)
}

/**
 * The lowest valid `asOf` of a record by an answer about its digest. Of the group of its account, the answer has what
 * the view of the question did not know.
 */
export function requiredByAnswer(
  { requiredSeq, floors }: FenceAnswer,
  { view }: Question,
  { accountId }: { accountId: string },
): number {
  const group = groupOf(accountId)
  const told = floors.findLast(([subject]) => subject === group)?.[1] ?? 0
  return Math.max(requiredSeq, told, view?.floors.get(group) ?? 0)
}

/** Whether the view knows the floor of the digest itself, rather than a bound that may be too high. */
export function isExact({ base, horizon, floors }: View, digest: string): boolean {
  return floors.has(digest) || horizon <= base
}

export class FenceView {
  private view: View | null = null
  private lastAskedAt = Number.NEGATIVE_INFINITY
  private readonly maxFloors: number

  constructor(maxFloors = usualMaxFloors) {
    this.maxFloors = maxFloors
  }

  /** The view, if its lease runs. One that lies in the future, since the clock was set back, is forgotten. */
  running(now: number, leaseMs: number): View | null {
    const { view } = this
    if (view === null || now >= view.from + leaseMs) return null
    if (now < view.from) this.view = null
    return this.view
  }

  /** Whether a running view should be renewed. A renewal that died is begun again. */
  isDue(now: number, leaseMs: number): boolean {
    const from = this.view?.from ?? Number.NEGATIVE_INFINITY
    return now >= Math.max(from, this.lastAskedAt) + leaseMs / 2
  }

  /** To be called in the turn that asks the fence. */
  question(now: number): Question {
    this.lastAskedAt = now
    const { view } = this
    return { askedAt: now, view, since: view && { epoch: view.epoch, rev: view.rev } }
  }

  /** To be called in the turn in which the answer arrives. */
  learn({ askedAt, since }: Question, answer: FenceAnswer): void {
    const { epoch, rev, base, horizon, floors } = answer
    if (horizon !== null) {
      // A lease belongs to what it came with.
      this.view = { epoch, rev, from: askedAt, base, horizon, floors: new Map(floors) }
    } else {
      const { view } = this
      // Revs of two epochs cannot be compared; no news may be missing between, and nothing goes back.
      if (view === null || view.epoch !== epoch || since === null) return
      if (since.rev > view.rev || view.rev > rev) return
      for (const [subject, seq] of floors) view.floors.set(subject, seq)
      view.base = base
      view.rev = rev
      view.from = askedAt
    }
    // Nothing is ever dropped from a view: the next answer is in full.
    if (this.view !== null && this.view.floors.size > this.maxFloors) this.view = null
  }

  /** For monitoring. */
  get current(): View | null {
    return this.view
  }
}
