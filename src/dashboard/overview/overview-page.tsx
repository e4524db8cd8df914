// The account at a glance. Each part is read, fails and is tried again by itself.
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { keysQuery } from '../keys/api.ts'
import { NewKeyButton } from '../keys/new-key-button.tsx'
import { NoKeys } from '../keys/no-keys.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { Boundary, failedPart } from '../ui/boundary.tsx'
import { Page } from '../ui/page.tsx'
import { ownUsageQuery } from '../usage/api.ts'
import { UsageIn } from '../usage/usage-card.tsx'
import { Counts } from './counts.tsx'
import { useRange } from './range.ts'
import { TopCard } from './top-card.tsx'

export default function OverviewPage() {
  const { range, setRange } = useRange()
  const { standing } = useSignedIn()
  const isNew = useIsNew()
  if (isNew) {
    return (
      <Page title="Overview">
        <NoKeys />
      </Page>
    )
  }
  const areStopped = standing.suspended_at !== null || standing.closes_at !== null
  return (
    <Page
      title="Overview"
      description="The requests of this account, and what may need a look."
      actions={<NewKeyButton />}
    >
      <Part>
        <Counts range={range} areStopped={areStopped} />
      </Part>
      <Part>
        <UsageIn query={ownUsageQuery} range={range} onRange={setRange} />
      </Part>
      <div className="grid items-start gap-6 lg:grid-cols-2">
        <Part>
          <TopCard kind="key" range={range} />
        </Part>
        <Part>
          <TopCard kind="external_id" range={range} />
        </Part>
      </div>
    </Page>
  )
}

/** An account that has never had a key. Revoked keys are counted nowhere, but listed. */
function useIsNew(): boolean {
  const { standing } = useSignedIn()
  const hasNone = standing.counts.keys === 0
  const { data } = useQuery({ ...keysQuery({ limit: '1' }), enabled: hasNone })
  return hasNone && data?.data.length === 0
}

function Part({ children }: { children: ReactNode }) {
  return <Boundary fallback={failedPart}>{children}</Boundary>
}
