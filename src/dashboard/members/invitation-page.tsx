// The page behind an invitation link: creates a user, or lets an existing user sign in and accept. The server does
// not disclose whether the address has a user, so the page offers both.
import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { pathInAccount } from '../api/account.ts'
import { sessionQuery, type User } from '../session/api.ts'
import { NewPasswordField } from '../session/password-field.tsx'
import { ProviderButtons } from '../session/provider-buttons.tsx'
import { roleDescription, roleName } from '../session/roles.ts'
import { SignInForm } from '../session/sign-in-form.tsx'
import { SignInLayout, WideButton } from '../session/sign-in-layout.tsx'
import { useSessionChanges } from '../session/use-session-changes.ts'
import { type Fields, handleSubmit } from '../ui/handle-submit.ts'
import { PageLoader } from '../ui/page-loader.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { useTask } from '../ui/use-task.ts'
import {
  acceptAsNewUser,
  acceptInvitation,
  invitationQuery,
  type ReceivedInvitation,
} from './api.ts'

type Props = { id: string; invitation: ReceivedInvitation }

export default function InvitationPage({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useQuery(invitationQuery(id))
  if (isPending) return <PageLoader />
  if (data === undefined) {
    return (
      <SignInLayout title="Invitation not found">
        <ProblemBanner problem={error} onRetry={() => refetch()} />
      </SignInLayout>
    )
  }
  if (data.status !== 'pending') return <Closed status={data.status} />
  const { account, role, email } = data
  return (
    <SignInLayout
      title={`Join ${account}`}
      description={`${email} is invited as ${roleName[role]}. ${roleDescription[role]}.`}
    >
      <Join id={id} invitation={data} />
    </SignInLayout>
  )
}

function Join(props: Props) {
  const { data: session, isPending } = useQuery(sessionQuery)
  const [isExisting, setExisting] = useState(false)
  if (isPending) return <PageLoader />
  if (session?.user.email === props.invitation.email) return <Accept {...props} />
  return (
    <>
      {isExisting ? <ExistingUser user={session?.user} {...props} /> : <NewUserForm {...props} />}
      {session === null && <ProviderButtons next={`/invitations/${props.id}`} />}
      <Button variant="ghost" onClick={() => setExisting(!isExisting)}>
        {isExisting ? 'Create an account' : 'I already have an account'}
      </Button>
    </>
  )
}

function Closed({ status }: Pick<ReceivedInvitation, 'status'>) {
  const [, navigate] = useLocation()
  const reason = { canceled: 'was cancelled', expired: 'has expired' }[status as string]
  return (
    <SignInLayout
      title={`This invitation ${reason ?? 'has been used'}`}
      description="Ask the sender for a new invitation, or sign in if you have already joined."
    >
      <Button onClick={() => navigate('/sign-in')}>Go to sign-in</Button>
    </SignInLayout>
  )
}

function NewUserForm({ id, invitation: { email, account } }: Props) {
  const { signIn } = useSessionChanges()
  const task = useTask(async ({ text, trimmed }: Fields) => {
    const password = text('password')
    await acceptAsNewUser(id, trimmed('name'), password)
    await signIn(email, password, '/keys')
  })
  return (
    <form className="flex flex-col gap-4" onSubmit={handleSubmit(task.run)}>
      <Input label="E-mail" value={email} type="email" autoComplete="username" readOnly />
      <TextInput
        label="Your name"
        name="name"
        autoComplete="name"
        maxLength={80}
        required
        error={task.problem?.of('name')}
      />
      <NewPasswordField problem={task.problem} />
      <ProblemBanner problem={task.problem} />
      <WideButton isPending={task.isPending}>{`Join ${account}`}</WideButton>
    </form>
  )
}

function ExistingUser({ user, id, invitation }: Props & { user: User | undefined }) {
  if (user !== undefined) return <OtherUser user={user} id={id} invitation={invitation} />
  return (
    <>
      <p className="text-base text-kumo-default">Sign in to accept the invitation.</p>
      <SignInForm email={invitation.email} next={`/invitations/${id}`} />
    </>
  )
}

function Accept({ id, invitation }: Props) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const task = useTask(async () => {
    const { member } = await acceptInvitation(id)
    await client.resetQueries()
    navigate(pathInAccount(member.organizationId))
  })
  return (
    <>
      <ProblemBanner problem={task.problem} />
      <WideButton isPending={task.isPending} onClick={() => task.run()}>
        {`Join ${invitation.account}`}
      </WideButton>
    </>
  )
}

function OtherUser({ user, id, invitation }: Props & { user: User }) {
  const { signOut } = useSessionChanges()
  const task = useTask(signOut)
  return (
    <>
      <p className="text-base text-kumo-default">
        You are signed in as {user.email}. Sign out, then sign in as {invitation.email}.
      </p>
      <ProblemBanner problem={task.problem} />
      <Button loading={task.isPending} onClick={() => task.run(`/invitations/${id}`)}>
        Sign out
      </Button>
    </>
  )
}
