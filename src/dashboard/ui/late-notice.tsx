// Where code that was asked for by a click did not arrive, a notice says so over the page: not in a dialog, whose code may be
// missing itself. `under`: what was clicked.
import { Button } from '@cloudflare/kumo/components/button'
import type { ReactNode } from 'react'
import type { Fallback } from './boundary.tsx'
import { ProblemBanner } from './problem-banner.tsx'

export const lateNotice =
  (close: () => void, under: ReactNode = null): Fallback =>
  ({ problem, retry }) => (
    <>
      {under}
      <div className="fixed inset-x-4 bottom-4 z-50 mx-auto flex max-w-2xl flex-col items-end gap-2 rounded-lg bg-kumo-base p-3 text-left shadow-lg ring ring-kumo-line">
        <div className="w-full">
          <ProblemBanner problem={problem} onRetry={retry} />
        </div>
        <Button size="sm" onClick={close}>
          Close
        </Button>
      </div>
    </>
  )
