// The health of the deployment: its health checks, the canary, the fences and the tiers that answer.
import { useQuery } from '@tanstack/react-query'
import { isAtLeast } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { surface } from '../ui/card.tsx'
import { Freshness, useQueryIsFresh } from '../ui/freshness.tsx'
import NotFoundPage from '../ui/not-found-page.tsx'
import { Page } from '../ui/page.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { exactTime } from '../ui/time.tsx'
import { refreshMs, statusQuery } from './api.ts'
import { CanaryCard } from './canary-card.tsx'
import { ChecksCard } from './checks-card.tsx'
import { FencesCard } from './fences-card.tsx'
import { HealthBadge } from './health-badge.tsx'
import { TiersCard } from './tiers-card.tsx'

export default function StatusPage() {
  const { standing, role } = useSignedIn()
  const isAllowed = standing.is_platform && isAtLeast(role, 'admin')
  const status = useQuery({ ...statusQuery, enabled: isAllowed })
  const isFresh = useQueryIsFresh(status, 3 * refreshMs)
  const { data, isPending, dataUpdatedAt } = status
  if (!standing.is_platform) return <NotFoundPage />
  return (
    <Page
      title="Status"
      badge={
        data && (
          <Overall
            isHealthy={data.ready && data.canary[0]?.outcome !== 'broken'}
            isFresh={isFresh}
          />
        )
      }
      description="The health of this deployment, seen from the location that serves your request. Refreshes every 15 seconds."
    >
      {!isAllowed && (
        <p className={`${surface} p-4 text-base`}>
          Your role is Member. Only admins and owners can view the status.
        </p>
      )}
      <QueryProblem query={status} />
      {isPending && isAllowed && <ListSkeleton label="Loading status" />}
      {data && (
        <Freshness isFresh={isFresh}>
          <ChecksCard status={data} ranAtMs={dataUpdatedAt} />
          <CanaryCard runs={data.canary} />
          <FencesCard status={data} />
          <TiersCard tiers={data.tiers} />
          <Version {...data.version} lease={data.lease_seconds} />
        </Freshness>
      )}
    </Page>
  )
}

function Overall({ isHealthy, isFresh }: { isHealthy: boolean; isFresh: boolean }) {
  if (!isFresh)
    return (
      <HealthBadge isHealthy={false} isUnknown>
        Not known now
      </HealthBadge>
    )
  return (
    <HealthBadge isHealthy={isHealthy}>
      {isHealthy ? 'All systems operational' : 'Needs attention'}
    </HealthBadge>
  )
}

type VersionProps = { id: string; tag: string; deployed_at: string; lease: number }

function Version({ id, tag, deployed_at, lease }: VersionProps) {
  const isDeployed = Date.parse(deployed_at) > 0
  return (
    <p className="text-sm text-kumo-subtle">
      Version <code className="font-mono break-all">{tag || id || 'unknown'}</code>
      {isDeployed && `, deployed ${exactTime(deployed_at)}`}. Lease {lease} s.
    </p>
  )
}
