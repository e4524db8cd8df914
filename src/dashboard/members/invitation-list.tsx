// Invitations that nobody has accepted yet.
import { Button } from '@cloudflare/kumo/components/button'
import { useQueryClient } from '@tanstack/react-query'
import { type Invitation, people } from '../api/people.ts'
import { accountQuery } from '../api/queries.ts'
import { roleName } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { Card } from '../ui/card.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { linkOf } from './invitation-link.ts'

export function InvitationList() {
  const { account } = useSignedIn()
  const open = account.invitations.filter(
    ({ status, expiresAt }) => status === 'pending' && Date.parse(expiresAt) > Date.now(),
  )
  if (open.length === 0) return null
  return (
    <Card title="Open invitations" isFlush>
      <ul className="divide-y divide-kumo-hairline">
        {open.map((invitation) => (
          <Row key={invitation.id} invitation={invitation} />
        ))}
      </ul>
    </Card>
  )
}

function Row({ invitation }: { invitation: Invitation }) {
  const client = useQueryClient()
  const task = useTask(people.cancelInvitation)
  const cancel = async () => {
    await task.run(invitation.id)
    await client.invalidateQueries({ queryKey: accountQuery.queryKey })
  }
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 px-4 py-3">
      <span className="min-w-0">
        <span className="block text-base break-all text-kumo-default">{invitation.email}</span>
        <span className="block text-sm text-kumo-subtle">
          as {roleName[invitation.role]}, expires <RelativeTime time={invitation.expiresAt} />
        </span>
      </span>
      <span className="flex flex-wrap gap-2">
        <CopyButton text={linkOf(invitation)} what="link" />
        <Button
          size="sm"
          variant="secondary-destructive"
          aria-label={`Cancel the invitation of ${invitation.email}`}
          loading={task.isPending}
          onClick={cancel}
        >
          Cancel
        </Button>
      </span>
      <ProblemBanner problem={task.problem} />
    </li>
  )
}
