import { Table } from '@cloudflare/kumo/components/table'
import { UserPlusIcon } from '@phosphor-icons/react'
import { useState } from 'react'
import type { Member } from '../session/api.ts'
import { QuotaNotice } from '../session/quota-notice.tsx'
import { PrimaryAction } from '../session/read-only.tsx'
import { roleDescription, roleName, roles } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { Card } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { actionsColumn, TableHead } from '../ui/table-head.tsx'
import { dateOf } from '../ui/time.tsx'
import { InvitationList } from './invitation-list.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { MemberMenu } from './member-menu.tsx'

export default function MembersPage() {
  const { account, canChange } = useSignedIn()
  const [isInviting, setIsInviting] = useState(false)
  return (
    <Page
      title="Members"
      description="People with access to this account. A key without scopes of its own follows the role of its creator."
      actions={
        <PrimaryAction icon={UserPlusIcon} onClick={() => setIsInviting(true)}>
          Invite member
        </PrimaryAction>
      }
    >
      <QuotaNotice quota="members" />
      <Card title="People" isFlush>
        <MemberTable members={account.members} />
      </Card>
      {canChange && <InvitationList />}
      <Card title="Roles">
        <dl className="grid gap-4 sm:grid-cols-3">
          {roles.map((role) => (
            <div key={role}>
              <dt className="text-base font-medium text-kumo-default">{roleName[role]}</dt>
              <dd className="text-base text-kumo-subtle">{roleDescription[role]}.</dd>
            </div>
          ))}
        </dl>
      </Card>
      {isInviting && <InviteDialog onClose={() => setIsInviting(false)} />}
    </Page>
  )
}

const wide = 'hidden md:table-cell'

function MemberTable({ members }: { members: readonly Member[] }) {
  return (
    <Table>
      <TableHead columns={['Name', 'Role', { name: 'Joined', className: wide }, actionsColumn]} />
      <Table.Body>
        {members.map((member) => (
          <MemberRow key={member.id} member={member} />
        ))}
      </Table.Body>
    </Table>
  )
}

function MemberRow({ member }: { member: Member }) {
  const { user } = useSignedIn()
  return (
    <Table.Row>
      <Table.Cell className="w-full max-w-0 md:w-1/2">
        <span className="block truncate font-medium">
          {member.user.name}
          {member.userId === user.id && (
            <span className="font-normal text-kumo-subtle"> (you)</span>
          )}
        </span>
        <span className="block truncate text-sm text-kumo-subtle">{member.user.email}</span>
      </Table.Cell>
      <Table.Cell>{roleName[member.role]}</Table.Cell>
      <Table.Cell className={`${wide} whitespace-nowrap`}>{dateOf(member.createdAt)}</Table.Cell>
      <Table.Cell className="w-10 text-right">
        <MemberMenu member={member} />
      </Table.Cell>
    </Table.Row>
  )
}
