// Where the person is signed in, with a way to end each session and all the others.
import { Badge } from '@cloudflare/kumo/components/badge'
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Card } from '../ui/card.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { endOtherSessions, endSession, type PersonSession, sessionsQuery } from './api.ts'
import { agentName } from './user-agent.ts'

export function SessionList() {
  const { data, error, refetch } = useQuery(sessionsQuery)
  const client = useQueryClient()
  const announce = useAnnounce()
  const others = useTask(async () => {
    const ended = await endOtherSessions()
    announce(ended === 1 ? 'One session ended' : `${ended} sessions ended`)
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  })
  const hasOthers = data?.some((each) => !each.is_current) ?? false
  return (
    <Card
      title="Where you are signed in"
      description="End what you do not recognise, then change your password."
      actions={
        hasOthers && (
          <Button loading={others.isPending} onClick={() => others.run()}>
            Sign out everywhere else
          </Button>
        )
      }
    >
      <ProblemBanner problem={others.problem ?? error} onRetry={() => refetch()} />
      {data === undefined && error === null && (
        <ListSkeleton rows={2} label="Loading your sessions" />
      )}
      <ul className="-my-3 divide-y divide-kumo-hairline">
        {data?.map((each) => (
          <SessionRow key={each.id} session={each} />
        ))}
      </ul>
    </Card>
  )
}

function SessionRow({ session }: { session: PersonSession }) {
  const client = useQueryClient()
  const announce = useAnnounce()
  const name = agentName(session.user_agent)
  const ending = useTask(async () => {
    await endSession(session.id)
    announce('Session ended')
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  })
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 text-base font-medium text-kumo-default">
          {name}
          {session.is_current && <Badge variant="success">This browser</Badge>}
        </p>
        <p className="text-sm text-kumo-subtle">
          {[session.place, session.ip_address].filter(Boolean).join(' · ') || 'Unknown address'}
        </p>
        <p className="text-sm text-kumo-subtle">
          Signed in <RelativeTime time={session.created_at} />, ends{' '}
          <RelativeTime time={session.expires_at} />
        </p>
        <ProblemBanner problem={ending.problem} />
      </div>
      {!session.is_current && (
        <Button
          size="sm"
          aria-label={`End the session of ${name}`}
          loading={ending.isPending}
          onClick={() => ending.run()}
        >
          End
        </Button>
      )}
    </li>
  )
}
