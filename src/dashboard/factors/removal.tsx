import { useQuery } from '@tanstack/react-query'
import { type Factors, factorsQuery } from '../session/factor-api.ts'

export const isLastFactor = ({ totp, passkeys }: Factors) =>
  passkeys.length + (totp === null ? 0 : 1) === 1

export function LastFactorWarning({ isLast }: { isLast: boolean }) {
  const { data } = useQuery(factorsQuery)
  if (!isLast) return null
  const requiring = data?.required_by ?? []
  const names = requiring.map(({ name }) => name).join(' and ')
  return (
    <>
      <p>
        <strong>It is your last second factor.</strong> Your recovery codes end with it, and what
        you sign in with is enough for whoever learns it.
      </p>
      {requiring.length > 0 && (
        <p>
          {names} {requiring.length === 1 ? 'requires' : 'require'} a second factor: you can do
          nothing there until you add one again.
        </p>
      )}
    </>
  )
}
