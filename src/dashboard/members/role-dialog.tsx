import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Member, people, type Role } from '../api/people.ts'
import { type Scope, scopesQuery } from '../api/queries.ts'
import { scopesOfRole } from '../scopes/catalogue.ts'
import { roleName } from '../session/roles.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { countOf, KeysOfNote, verb } from './key-effects.tsx'
import type { KeysOf } from './member-keys.ts'
import { RoleChoice } from './role-choice.tsx'

type Props = { member: Member; onClose: () => void }

export function RoleDialog({ member, onClose }: Props) {
  const client = useQueryClient()
  const announce = useAnnounce()
  const { data: catalogue = [] } = useQuery(scopesQuery)
  const [role, setRole] = useState(member.role)
  const task = useTask(people.changeRole)
  const { name } = member.user
  const confirm = async () => {
    if (role === member.role) return onClose()
    const done = await task.run(member.id, role)
    await client.invalidateQueries()
    if (done === null) return
    announce(`${name} is now ${roleName[role]}`)
    onClose()
  }
  return (
    <ConfirmDialog
      title={`Role of ${name}`}
      confirm="Change the role"
      isPending={task.isPending}
      waitingFor="Making sure every region knows"
      problem={task.problem}
      onConfirm={confirm}
      onClose={onClose}
    >
      <RoleChoice role={role} onChoose={setRole} isOff={task.isPending} />
      {role !== member.role && (
        <KeysOfNote member={member} what={(keys) => effects(keys, name, role, catalogue)} />
      )}
    </ConfirmDialog>
  )
}

function effects(
  { inheriting, own, isMore }: KeysOf,
  name: string,
  role: Role,
  catalogue: readonly Scope[],
): string[] {
  const held = scopesOfRole(catalogue, role).map(({ scope }) => scope)
  const powers = held.length > 0 ? held.join(', ') : 'nothing'
  const follows = inheriting > 0 ? ` From their next request on: ${powers}.` : ''
  return [
    `${countOf(inheriting, isMore)} ${verb(inheriting, 'inherits', 'inherit')} from ${name}.${follows}`,
    ...(own > 0
      ? [`${countOf(own, isMore)} with scopes of ${verb(own, 'its', 'their')} own: unchanged.`]
      : []),
  ]
}
