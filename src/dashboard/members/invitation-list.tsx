import { Button } from '@cloudflare/kumo/components/button'
import { useQueryClient } from '@tanstack/react-query'
import { accountQuery, type Invitation } from '../session/api.ts'
import { roleName } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { Card } from '../ui/card.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { cancelInvitation, invite } from './api.ts'
import { CopyLinkButton } from './invitation-link.tsx'

export function InvitationList() {
  const { account } = useSignedIn()
  const pending = account.invitations.filter(
    ({ status, expiresAt }) => status === 'pending' && Date.parse(expiresAt) > Date.now(),
  )
  if (pending.length === 0) return null
  return (
    <Card title="Pending invitations" isFlush>
      <ul className="divide-y divide-kumo-hairline">
        {pending.map((invitation) => (
          <Row key={invitation.id} invitation={invitation} />
        ))}
      </ul>
    </Card>
  )
}

function Row({ invitation }: { invitation: Invitation }) {
  const { id, email, role, expiresAt, mailed } = invitation
  const client = useQueryClient()
  const cancelling = useTask(cancelInvitation)
  const sending = useTask(invite)
  const read = () => client.invalidateQueries({ queryKey: accountQuery.queryKey })
  const cancel = async () => {
    await cancelling.run(id)
    await read()
  }
  const sendAgain = async () => {
    if ((await sending.run(email, role)) !== null) toast(`Sent to ${email} again`)
    await read()
  }
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 px-4 py-3">
      <span className="min-w-0">
        <span className="block text-base break-all text-kumo-default">{email}</span>
        <span className="block text-sm text-kumo-subtle">
          {roleName[role]}, {mailed && 'sent by mail, '}expires <RelativeTime time={expiresAt} />
        </span>
      </span>
      <span className="flex flex-wrap gap-2">
        {mailed ? (
          <Button
            size="sm"
            aria-label={`Send again: invitation for ${email}`}
            loading={sending.isPending}
            onClick={sendAgain}
          >
            Send again
          </Button>
        ) : (
          <CopyLinkButton id={id} />
        )}
        <Button
          size="sm"
          variant="secondary-destructive"
          aria-label={`Cancel invitation for ${email}`}
          loading={cancelling.isPending}
          onClick={cancel}
        >
          Cancel invitation
        </Button>
      </span>
      <ProblemBanner problem={cancelling.problem ?? sending.problem} />
    </li>
  )
}
