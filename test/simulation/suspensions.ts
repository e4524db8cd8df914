// The oracle of suspended accounts, apart from the versions of keys: from the answer to a suspension no key of the
// account passes, and from the answer to a resumption none is refused for it.

/** What a verification may rely on: the answered state, as long as nothing is committed after it. */
export type Answered = { isSuspended: boolean; commit: number } | null

/** The refusals that come before suspension, and the answer that says nothing. */
const before: readonly string[] = [
  ...['revoked_api_key', 'disabled_api_key', 'expired_api_key', 'authority_unavailable'],
]

export class Suspensions {
  /** By account, how often it was suspended or resumed. */
  private readonly commits = new Map<string, number>()
  private readonly answers = new Map<string, NonNullable<Answered>>()
  /** The tables were restored so often: what was committed before may be gone. */
  private restored = 0

  /** @returns the number of the commit, which its answer names. */
  commit(accountId: string): number {
    this.commits.set(accountId, (this.commits.get(accountId) ?? 0) + 1)
    return this.latest(accountId)
  }

  latest(accountId: string): number {
    return (this.commits.get(accountId) ?? 0) + this.restored
  }

  restore(): void {
    this.restored++
  }

  /** The change was answered as in force everywhere. */
  answer(accountId: string, answered: NonNullable<Answered>): void {
    if (answered.commit === this.latest(accountId)) this.answers.set(accountId, answered)
  }

  /** What a verification that begins now may rely on. */
  answered(accountId: string): Answered {
    const answered = this.answers.get(accountId)
    return answered?.commit === this.latest(accountId) ? answered : null
  }

  /** What is wrong with a verdict of a verification that began with `answered`, or null. */
  check(accountId: string, answered: Answered, code: string): string | null {
    if (answered === null || answered.commit !== this.latest(accountId)) return null
    const isRefused = code === 'account_suspended'
    if (!answered.isSuspended) return isRefused ? 'is refused, although resumed' : null
    return isRefused || before.includes(code) ? null : `is ${code}, although suspended`
  }
}
