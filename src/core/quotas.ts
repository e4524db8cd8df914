// How much one account may have, so that its load meets its own limits before it meets other accounts. The platform has
// no quotas.

export type Quotas = { keys: number; members: number; endpoints: number; changesPerMinute: number }

/** Where the platform has not set others. The triggers of migrations/0023_accounts.sql have the same numbers. */
export const defaultQuotas: Quotas = {
  keys: 100_000,
  members: 1_000,
  endpoints: 20,
  changesPerMinute: 600,
}
