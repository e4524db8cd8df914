// Every request that passed, and what must have been known when it did: the bound of fast limits (docs/limits.md). A
// second implementation of the bucket, fed with the requests themselves.
import type { Window } from '../../../../src/core/limits.ts'

/** How old the knowledge of an isolate may be (docs/limits.md). */
const maxAgeMs = 1_000

export type Pass = {
  isolate: object | null
  atMs: number
  /** When the meter had counted it durably (ms); Infinity: not yet. */
  countedAt: number
}

export class PassLog {
  /** In the order of their times. */
  private readonly passes: Pass[] = []
  private readonly windows: readonly Window[]

  constructor(windows: readonly Window[]) {
    this.windows = windows
  }

  add(isolate: object | null, atMs: number): Pass {
    const pass = { isolate, atMs, countedAt: Number.POSITIVE_INFINITY }
    const before = this.passes.findLastIndex((other) => other.atMs <= atMs)
    this.passes.splice(before + 1, 0, pass)
    return pass
  }

  /** A pass that an isolate decided: within the limit by its own and by all that was counted a second before. */
  checkLocal(pass: Pass): string | null {
    const isKnown = ({ isolate, countedAt }: Pass) =>
      isolate === pass.isolate || countedAt <= pass.atMs - maxAgeMs
    const unknown = this.passes.filter((other) => !isKnown(other)).length
    return this.exceeded(isKnown, 0) ?? this.exceeded(() => true, unknown)
  }

  /** A pass that the meter decided: within the limit by all that was counted, and what the isolate had let pass. */
  checkAsked(pass: Pass, sentAt: number): string | null {
    const isKnown = ({ isolate, countedAt, atMs }: Pass) =>
      (countedAt < Infinity && atMs <= pass.atMs) || (isolate === pass.isolate && atMs <= sentAt)
    return this.exceeded(isKnown, 0)
  }

  /** Whether the level of these passes is beyond a window and this many requests more. */
  private exceeded(counts: (pass: Pass) => boolean, more: number): string | null {
    const counted = this.passes.filter(counts)
    for (const { name, limit, windowSeconds } of this.windows) {
      const each = windowSeconds * 1_000
      let level = 0
      let lastMs = 0
      for (const { atMs } of counted) {
        level = Math.max(0, level - (atMs - lastMs) * limit) + each
        lastMs = atMs
      }
      const requests = level / each
      if (requests > limit + more) {
        return `${requests.toFixed(2)} requests in ${name} of ${limit}, ${more} of them unknown`
      }
    }
    return null
  }
}
