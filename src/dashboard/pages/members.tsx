// Who belongs to the account, in which role, and who is invited.
import { Button } from '@cloudflare/kumo/components/button'
import { Table } from '@cloudflare/kumo/components/table'
import { UserPlusIcon } from '@phosphor-icons/react'
import { useState } from 'react'
import type { Member } from '../api/people.ts'
import { useSignedIn } from '../api/signed-in.tsx'
import { Card } from '../components/card.tsx'
import { InvitationList } from '../components/invitation-list.tsx'
import { InviteDialog } from '../components/invite-dialog.tsx'
import { MemberMenu } from '../components/member-menu.tsx'
import { Page } from '../components/page.tsx'
import { readOnlyReason } from '../components/read-only-notice.tsx'
import { roleMeaning, roleName, roles } from '../components/roles.ts'
import { dateOf } from '../components/time.tsx'

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
