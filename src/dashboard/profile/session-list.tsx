// The active sessions of the user. Each can be ended.
import { Badge } from '@cloudflare/kumo/components/badge'
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { signedInWithText } from '../session/signed-in-with.ts'
import { Card } from '../ui/card.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { userAgentName } from '../ui/user-agent.ts'
import { endOtherSessions, endSession, sessionsQuery, type UserSession } from './api.ts'

export function SessionList() {
  const { data, error, refetch } = useQuery(sessionsQuery)
  const client = useQueryClient()
  const endOthers = useTask(async () => {
    const ended = await endOtherSessions()
    toast(ended === 1 ? '1 session ended' : `${ended} sessions ended`)
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  })
  const hasOthers = data?.some((session) => !session.is_current) ?? false
  return (
    <Card
      title="Active sessions"
      description="If you do not recognise a session, end it and change your password."
      actions={
        hasOthers && (
          <Button loading={endOthers.isPending} onClick={() => endOthers.run()}>
            End all other sessions
          </Button>
        )
      }
    >
      <ProblemBanner problem={endOthers.problem ?? error} onRetry={() => refetch()} />
      {data === undefined && error === null && <ListSkeleton rows={2} label="Loading sessions" />}
      <ul className="-my-3 divide-y divide-kumo-hairline">
        {data?.toSorted(currentFirst).map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
    </Card>
  )
}

const currentFirst = (a: UserSession, b: UserSession) => +b.is_current - +a.is_current

function SessionRow({ session }: { session: UserSession }) {
  const client = useQueryClient()
  const name = userAgentName(session.user_agent)
  const end = useTask(async () => {
    await endSession(session.id)
    toast('Session ended')
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  })
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 text-base font-medium text-kumo-default">
          {name}
          {session.is_current && <Badge variant="success">Current session</Badge>}
          {session.awaits_factor && <Badge variant="secondary">Second factor not yet given</Badge>}
        </p>
        <p className="text-sm text-kumo-subtle">
          {[session.place, session.ip_address].filter(Boolean).join(' · ') || 'Unknown location'}
        </p>
        <p className="text-sm text-kumo-subtle">
          Signed in <RelativeTime time={session.created_at} />
          {session.signed_in_with !== null && ` with ${signedInWithText(session.signed_in_with)}`},
          expires <RelativeTime time={session.expires_at} />
        </p>
        <ProblemBanner problem={end.problem} />
      </div>
      {!session.is_current && (
        <Button
          size="sm"
          aria-label={`End session: ${name}`}
          loading={end.isPending}
          onClick={() => end.run()}
        >
          End session
        </Button>
      )}
    </li>
  )
}
