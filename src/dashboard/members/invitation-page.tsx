// The page behind an invitation link, for a new user and for one who exists, signed in or not. The server does not disclose
// whether the address has a user.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { sessionQuery, type User } from '../session/api.ts'
import { ProviderButtons } from '../session/provider-buttons.tsx'
import { roleDescription, roleName } from '../session/roles.ts'
import { SignInForm } from '../session/sign-in-form.tsx'
import { QuietLink, SignInLayout, WideButton, WideLink } from '../session/sign-in-layout.tsx'
import { useSessionChanges } from '../session/use-session-changes.ts'
import { PageLoader } from '../ui/page-loader.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { invitationQuery, type ReceivedInvitation } from './api.ts'
import { AcceptButton, NewUserForm } from './invitation-forms.tsx'
import { useInvitationToken } from './invitation-token.ts'

type Props = { id: string; invitation: ReceivedInvitation }

export default function InvitationPage({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useQuery(invitationQuery(id))
  const hasToken = useInvitationToken(id) !== undefined
  if (isPending) return <PageLoader />
  if (data === undefined) {
    return (
      <SignInLayout title="Invitation not found">
        <ProblemBanner problem={error} onRetry={() => refetch()} />
      </SignInLayout>
    )
  }
  if (data.status !== 'pending') return <Closed status={data.status} />
  const { account, role, email, mailed } = data
  return (
    <SignInLayout
      title={`Join ${account}`}
      description={`${email} is invited as ${roleName[role]}. ${roleDescription[role]}.`}
    >
      <Join id={id} invitation={data} needsLink={mailed && !hasToken} />
    </SignInLayout>
  )
}

function Closed({ status }: Pick<ReceivedInvitation, 'status'>) {
  const reason = { canceled: 'was cancelled', expired: 'has expired' }[status as string]
  return (
    <SignInLayout
      title={`This invitation ${reason ?? 'has been used'}`}
      description="Ask the sender for a new invitation, or sign in if you have already joined."
    >
      <WideLink path="/sign-in">Go to sign-in</WideLink>
    </SignInLayout>
  )
}

/** `needsLink`: it was mailed, and this is not the link of the message. */
function Join({ needsLink, ...props }: Props & { needsLink: boolean }) {
  const { data: session, isPending } = useQuery(sessionQuery)
  if (isPending) return <PageLoader />
  // The link may be opened in this tab after its page without the token.
  if (!session) return <SignedOut key={String(needsLink)} needsLink={needsLink} {...props} />
  const { user } = session
  const isInvited = user.email.toLowerCase() === props.invitation.email.toLowerCase()
  return isInvited ? <AcceptButton {...props} /> : <OtherUser user={user} {...props} />
}

function SignedOut({ id, invitation, needsLink }: Props & { needsLink: boolean }) {
  const [isExisting, setExisting] = useState(needsLink)
  const isNewPossible = !needsLink
  return (
    <>
      {needsLink && (
        <p className="text-base text-kumo-default">
          The link of this invitation was sent to {invitation.email}. Open it as it stands in the
          message. If you have an account here already, you can sign in instead.
        </p>
      )}
      {isExisting ? (
        <ExistingUser id={id} invitation={invitation} />
      ) : (
        <NewUserForm id={id} invitation={invitation} />
      )}
      <ProviderButtons next={`/invitations/${id}`} />
      {isNewPossible && (
        <Button
          variant="ghost"
          className="w-full justify-center"
          onClick={() => setExisting(!isExisting)}
        >
          {isExisting ? 'Create an account' : 'I already have an account'}
        </Button>
      )}
    </>
  )
}

function ExistingUser({ id, invitation: { email } }: Props) {
  return (
    <>
      <p className="text-base text-kumo-default">Sign in to accept the invitation.</p>
      <SignInForm email={email} next={`/invitations/${id}`} />
      <QuietLink path="/forgot-password">Forgot your password?</QuietLink>
    </>
  )
}

function OtherUser({ user, id, invitation }: Props & { user: User }) {
  const { signOut } = useSessionChanges()
  const task = useTask(signOut)
  return (
    <>
      <p className="text-base break-words text-kumo-default">
        You are signed in as <strong>{user.email}</strong>, and the invitation is for{' '}
        <strong>{invitation.email}</strong>. To accept it, sign out first. To leave it, go back to
        your account.
      </p>
      <ProblemBanner problem={task.problem} />
      <WideButton isPending={task.isPending} onClick={() => task.run(`/invitations/${id}`)}>
        Sign out and continue
      </WideButton>
      <QuietLink path="/keys">Back to your account</QuietLink>
    </>
  )
}
