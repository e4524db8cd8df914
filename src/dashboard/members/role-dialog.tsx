import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Scope, scopesQuery } from '../scopes/api.ts'
import { scopesOfRole } from '../scopes/catalogue.ts'
import type { Member } from '../session/api.ts'
import { type Role, roleName } from '../session/roles.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { changeRole, type MemberKeys } from './api.ts'
import { KeyEffects, keyCount, plural } from './key-effects.tsx'
import { RoleChoice } from './role-choice.tsx'

type Props = { member: Member; onClose: () => void }

export function RoleDialog({ member, onClose }: Props) {
  const client = useQueryClient()
  const { data: catalogue = [] } = useQuery(scopesQuery)
  const [role, setRole] = useState(member.role)
  const task = useTask(changeRole)
  const { name } = member.user
  const confirm = async () => {
    if (role === member.role) return onClose()
    const done = await task.run(member.id, role)
    await client.invalidateQueries()
    if (done === null) return
    toast(`${name} is now ${roleName[role]}`)
    onClose()
  }
  return (
    <FormDialog
      title={`Change role of ${name}`}
      subject={name}
      submit="Change role"
      task={task}
      waitingFor="Waiting for all regions to apply the change"
      onSubmit={confirm}
      onClose={onClose}
    >
      <RoleChoice role={role} onChange={setRole} isDisabled={task.isPending} />
      {role !== member.role && (
        <KeyEffects member={member} describe={(keys) => effects(keys, name, role, catalogue)} />
      )}
    </FormDialog>
  )
}

function effects(
  { inheriting, own, isMore }: MemberKeys,
  name: string,
  role: Role,
  catalogue: readonly Scope[],
): string[] {
  const scopes = scopesOfRole(catalogue, role).map(({ scope }) => scope)
  const permissions = scopes.length > 0 ? scopes.join(', ') : 'none'
  const change = inheriting > 0 ? ` Scopes from the next request on: ${permissions}.` : ''
  return [
    `${keyCount(inheriting, isMore)} ${plural(inheriting, 'inherits', 'inherit')} from ${name}.${change}`,
    ...(own > 0
      ? [`${keyCount(own, isMore)} with scopes of ${plural(own, 'its', 'their')} own: unchanged.`]
      : []),
  ]
}
