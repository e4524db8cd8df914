// Opens the dialog of step-up when a request needs it.
import { lazy, Suspense, useEffect, useState } from 'react'
import { registerProver } from '../api/step-up.ts'

const StepUpDialog = lazy(() => import('./step-up-dialog.tsx'))

export function StepUp() {
  const [settle, setSettle] = useState<((isProved: boolean) => void) | null>(null)
  useEffect(() => registerProver(() => new Promise((resolve) => setSettle(() => resolve))), [])
  if (settle === null) return null
  const close = (isProved: boolean) => {
    setSettle(null)
    settle(isProved)
  }
  return (
    <Suspense fallback={null}>
      <StepUpDialog onClose={close} />
    </Suspense>
  )
}
