// What the platform decided about an account, as it bears on those who act in it.
export type AccountStanding = {
  /** The account that operates the deployment. */
  isPlatform: boolean
  /** Its keys fail, and its people only read. */
  isSuspended: boolean
  /** null: the platform, which has no quotas. */
  changesPerMinute: number | null
}
