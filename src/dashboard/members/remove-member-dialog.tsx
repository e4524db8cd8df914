// Removing somebody, or leaving: with what that does to the keys they made.
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Member, people } from '../api/people.ts'
import { revokeKeysOf } from '../keys/api.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { countOf, KeysOfNote, verb } from './key-effects.tsx'
import type { KeysOf } from './member-keys.ts'

type Props = { member: Member; isSelf: boolean; onClose: () => void }

export function RemoveMemberDialog({ member, isSelf, onClose }: Props) {
  const client = useQueryClient()
  const announce = useAnnounce()
  const { account, canChange } = useSignedIn()
  const [alsoRevoke, setAlsoRevoke] = useState(false)
  const { name } = member.user
  const task = useTask(async () => {
    const progress = alsoRevoke ? await revokeKeysOf(member.userId) : {}
    await (isSelf ? people.leave(account.id) : people.remove(member.id))
    return progress
  })
  const confirm = async () => {
    const done = await task.run()
    if (done === null) {
      await client.invalidateQueries()
      return
    }
    announce(isSelf ? `You left ${account.name}` : `${name} is removed`, done.result)
    onClose()
    await (isSelf ? client.resetQueries() : client.invalidateQueries())
  }
  return (
    <ConfirmDialog
      title={isSelf ? `Leave ${account.name}?` : `Remove ${name}?`}
      confirm={isSelf ? 'Leave' : 'Remove'}
      isDestructive
      isPending={task.isPending}
      waitingFor="Making sure no region lets their keys through any more"
      problem={task.problem}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        {isSelf
          ? 'You lose access to this account at once; only an invitation brings you back.'
          : `${name} (${member.user.email}) loses access to ${account.name} at once.`}
      </p>
      <KeysOfNote member={member} what={effects} />
      {canChange && (
        <Checkbox
          label={`Also revoke for good every key that ${isSelf ? 'you' : name} made`}
          checked={alsoRevoke}
          disabled={task.isPending}
          onCheckedChange={(isOn) => setAlsoRevoke(isOn === true)}
        />
      )}
    </ConfirmDialog>
  )
}

function effects({ inheriting, own, isMore }: KeysOf): string[] {
  const follows =
    inheriting > 0
      ? ` ${verb(inheriting, 'It stays', 'They stay')} in the list and may do nothing from the next request on.`
      : ''
  return [
    `${countOf(inheriting, isMore)} ${verb(inheriting, 'inherits', 'inherit')} these permissions.${follows}`,
    ...(own > 0
      ? [
          `${countOf(own, isMore)} with scopes of ${verb(own, 'its', 'their')} own: ${verb(own, 'goes', 'go')} on working unless revoked.`,
        ]
      : []),
  ]
}
