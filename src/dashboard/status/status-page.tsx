// How the deployment is doing: its stores, the canary, the fences and which tier answers.
import { Badge } from '@cloudflare/kumo/components/badge'
import { useQuery } from '@tanstack/react-query'
import { statusQuery } from '../api/queries.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { surface } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { exactTime } from '../ui/time.tsx'
import { CanaryCard } from './canary-card.tsx'
import { FencesCard } from './fences-card.tsx'
import { StoresCard } from './stores-card.tsx'
import { TiersCard } from './tiers-card.tsx'

export default function StatusPage() {
  const { canChange } = useSignedIn()
  const { data, error, isPending, refetch } = useQuery({ ...statusQuery, enabled: canChange })
  return (
    <Page
      title="Status"
      badge={data && <Overall isWell={data.ready && data.canary[0]?.outcome !== 'broken'} />}
      description="How this deployment of Latchkey is doing, seen from where your request is answered. Looks again every 15 seconds."
    >
      {!canChange && (
        <p className={`${surface} p-4 text-base`}>
          Your role is Member: admins and owners see the status.
        </p>
      )}
      <ProblemBanner problem={error} onRetry={() => refetch()} />
      {isPending && canChange && <ListSkeleton label="Asking the stores" />}
      {data && (
        <>
          <StoresCard status={data} />
          <CanaryCard runs={data.canary} />
          <FencesCard status={data} />
          <TiersCard tiers={data.tiers} />
          <Version {...data.version} lease={data.lease_seconds} />
        </>
      )}
    </Page>
  )
}

function Overall({ isWell }: { isWell: boolean }) {
  return (
    <Badge variant={isWell ? 'success' : 'error'} appearance="dot">
      {isWell ? 'All well' : 'Needs attention'}
    </Badge>
  )
}

type VersionProps = { id: string; tag: string; deployed_at: string; lease: number }

function Version({ id, tag, deployed_at, lease }: VersionProps) {
  const isDeployed = Date.parse(deployed_at) > 0
  return (
    <p className="text-sm text-kumo-subtle">
      Version <code className="font-mono break-all">{tag || id || 'of no deployment'}</code>
      {isDeployed && `, deployed ${exactTime(deployed_at)}`}. Lease {lease} s.
    </p>
  )
}
