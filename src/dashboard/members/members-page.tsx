// Who belongs to the account, in which role, and who is invited.
import { Button } from '@cloudflare/kumo/components/button'
import { Table } from '@cloudflare/kumo/components/table'
import { UserPlusIcon } from '@phosphor-icons/react'
import { useState } from 'react'
import type { Member } from '../api/people.ts'
import { readOnlyReason } from '../session/read-only-notice.tsx'
import { roleMeaning, roleName, roles } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { Card } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
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
      description="People who sign in to this account. Keys without scopes of their own follow the role of whoever made them."
      actions={
        <Button
          variant="primary"
          icon={UserPlusIcon}
          disabled={!canChange}
          title={canChange ? '' : readOnlyReason}
          onClick={() => setIsInviting(true)}
        >
          Invite
        </Button>
      }
    >
      <Card title="People" isFlush>
        <MemberTable members={account.members} />
      </Card>
      {canChange && <InvitationList />}
      <Card title="What the roles mean">
        <dl className="grid gap-4 sm:grid-cols-3">
          {roles.map((role) => (
            <div key={role}>
              <dt className="text-base font-medium text-kumo-default">{roleName[role]}</dt>
              <dd className="text-base text-kumo-subtle">{roleMeaning[role]}.</dd>
            </div>
          ))}
        </dl>
      </Card>
      {isInviting && <InviteDialog onClose={() => setIsInviting(false)} />}
    </Page>
  )
}

function MemberTable({ members }: { members: readonly Member[] }) {
  return (
    <Table>
      <Table.Header>
        <Table.Row>
          <Table.Head>Name</Table.Head>
          <Table.Head>Role</Table.Head>
          <Table.Head className="hidden md:table-cell">Joined</Table.Head>
          <Table.Head>
            <span className="sr-only">Actions</span>
          </Table.Head>
        </Table.Row>
      </Table.Header>
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
      <Table.Cell className="hidden whitespace-nowrap md:table-cell">
        {dateOf(member.createdAt)}
      </Table.Cell>
      <Table.Cell className="w-10 text-right">
        <MemberMenu member={member} />
      </Table.Cell>
    </Table.Row>
  )
}
