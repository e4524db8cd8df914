// How much one account may have, so that its load meets its own limits before it meets other accounts. The platform has
// no quotas.

export type Quotas = { keys: number; members: number; endpoints: number; changesPerMinute: number }

/** Where the platform has not set others. The triggers of migrations/0024_quotas_say_how_many.sql have the same numbers. */
export const defaultQuotas: Quotas = {
  keys: 100_000,
  members: 1_000,
  endpoints: 20,
  changesPerMinute: 600,
}

/** What triggers count and refuse, whoever writes. */
export type CountedQuota = Exclude<keyof Quotas, 'changesPerMinute'>

/** A full quota: nothing was written. */
export class QuotaExceeded extends Error {
  readonly quota: CountedQuota
  readonly max: number

  constructor(quota: CountedQuota, max: number, cause?: unknown) {
    super(`the account may have ${max} ${quota}`, { cause })
    this.name = 'QuotaExceeded'
    this.quota = quota
    this.max = max
  }
}
