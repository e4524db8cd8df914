// What the doctor found.
export type Check = {
  check: string
  /** `skipped`: it could not be checked, which is no fault. */
  result: 'ok' | 'warning' | 'failed' | 'skipped'
  detail: string
  /** What would mend it. */
  mend: string | null
}

export const ok = (check: string, detail: string): Check => ({
  ...{ check, detail },
  result: 'ok',
  mend: null,
})
export const failed = (check: string, detail: string, mend: string): Check => ({
  ...{ check, detail, mend },
  result: 'failed',
})
export const warning = (check: string, detail: string, mend: string): Check => ({
  ...{ check, detail, mend },
  result: 'warning',
})
export const skipped = (check: string, detail: string, mend: string | null = null): Check => ({
  ...{ check, detail, mend },
  result: 'skipped',
})
