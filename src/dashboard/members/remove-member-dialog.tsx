// Removes a member, or the user's own membership, and optionally revokes the keys that the member created.
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import type { Member } from '../session/api.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { leaveAccount, type MemberKeys, removeMember, revokeMemberKeys } from './api.ts'
import { KeyEffects, keyCount, plural } from './key-effects.tsx'

type Props = { member: Member; isSelf: boolean; onClose: () => void }

export function RemoveMemberDialog({ member, isSelf, onClose }: Props) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const { account, canChange } = useSignedIn()
  const [alsoRevoke, setAlsoRevoke] = useState(false)
  const { name } = member.user
  const task = useTask(async () => {
    const progress = alsoRevoke ? await revokeMemberKeys(member.userId) : {}
    await (isSelf ? leaveAccount(account.id) : removeMember(member.id))
    return progress
  })
  const confirm = async () => {
    const done = await task.run()
    if (done === null) {
      await client.invalidateQueries()
      return
    }
    toast(isSelf ? `You left ${account.name}` : `${name} removed`, done.result)
    onClose()
    if (isSelf) navigate('~/', { replace: true })
    else await client.invalidateQueries()
  }
  return (
    <FormDialog
      title={isSelf ? `Leave ${account.name}?` : `Remove ${name}?`}
      submit={isSelf ? 'Leave account' : 'Remove member'}
      isDestructive
      task={task}
      waitingFor="Waiting for all regions to apply the change"
      onSubmit={confirm}
      onClose={onClose}
    >
      <p>
        {isSelf
          ? 'You lose access to this account immediately. To return, you need a new invitation.'
          : `${name} (${member.user.email}) loses access to ${account.name} immediately.`}
      </p>
      <KeyEffects member={member} describe={effects} />
      {canChange && (
        <Checkbox
          label={`Also revoke all keys that ${isSelf ? 'you' : name} created`}
          checked={alsoRevoke}
          disabled={task.isPending}
          onCheckedChange={(isOn) => setAlsoRevoke(isOn === true)}
        />
      )}
    </FormDialog>
  )
}

function effects({ inheriting, own, isMore }: MemberKeys): string[] {
  const change =
    inheriting > 0
      ? ` ${plural(inheriting, 'It has', 'They have')} no permissions from the next request on.`
      : ''
  return [
    `${keyCount(inheriting, isMore)} ${plural(inheriting, 'inherits', 'inherit')} these permissions.${change}`,
    ...(own > 0
      ? [
          `${keyCount(own, isMore)} with scopes of ${plural(own, 'its', 'their')} own: ${plural(own, 'keeps', 'keep')} working unless revoked.`,
        ]
      : []),
  ]
}
