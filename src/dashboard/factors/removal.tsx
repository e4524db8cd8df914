import type { Factors } from '../session/factor-api.ts'

export const isLastFactor = ({ totp, passkeys }: Factors) =>
  passkeys.length + (totp === null ? 0 : 1) === 1

export function LastFactorWarning({ isLast }: { isLast: boolean }) {
  if (!isLast) return null
  return (
    <p>
      <strong>It is your last second factor.</strong> Your recovery codes end with it, and what you
      sign in with is enough for whoever learns it.
    </p>
  )
}
