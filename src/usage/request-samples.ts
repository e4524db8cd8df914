// Which requests of an isolate go into the logs of their accounts: refusals first, and a sample of the rest, at most 50 a
// flush. Deciding about an admitted request costs a comparison, since every request asks.
import type { RequestSample } from './message.ts'

/** Of one flush of an isolate. */
export const maxSamples = 50
/** Refusals of one key and second. */
export const maxRefusedPerSecond = 10
/** Admitted requests of one flush: each account that has one is a row written by its log. */
export const maxPassed = 10

type Sample = { accountId: string; sample: RequestSample }

export class RequestSamples {
  private refused: Sample[] = []
  private passed: Sample[] = []
  /** Requests that are to be added once they are answered. */
  private passedWanted = 0
  /** By key: the second, and the refusals in it. */
  private readonly refusedOf = new Map<string, [second: number, count: number]>()

  /** Whether a request is to be added; counts it. */
  wants(keyId: string, code: string, nowMs: number): boolean {
    return code === 'valid' ? this.passedWanted++ < maxPassed : this.wantsRefused(keyId, nowMs)
  }

  add(accountId: string, sample: RequestSample): void {
    const samples = sample.code === 'valid' ? this.passed : this.refused
    if (samples.length < maxSamples) samples.push({ accountId, sample })
  }

  /** The samples by account, which are given away. */
  take(): Record<string, RequestSample[]> {
    const taken = [...this.refused, ...this.passed].slice(0, maxSamples)
    this.refused = []
    this.passed = []
    this.passedWanted = 0
    this.refusedOf.clear()
    const byAccount: Record<string, RequestSample[]> = {}
    for (const { accountId, sample } of taken) {
      byAccount[accountId] ??= []
      byAccount[accountId].push(sample)
    }
    return byAccount
  }

  private wantsRefused(keyId: string, nowMs: number): boolean {
    if (this.refused.length >= maxSamples) return false
    const second = Math.floor(nowMs / 1000)
    const [present, count] = this.refusedOf.get(keyId) ?? [second, 0]
    const before = present === second ? count : 0
    if (before >= maxRefusedPerSecond) return false
    this.refusedOf.set(keyId, [second, before + 1])
    return true
  }
}
