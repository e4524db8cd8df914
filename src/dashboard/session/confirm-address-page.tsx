// Confirms an address by the link of a message: in a session of its user, or by removing what somebody else may have set up.
import { Button, LinkButton } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { confirmAddress, sessionQuery } from './api.ts'
import { QuietLink, SignInLayout, WideButton } from './sign-in-layout.tsx'
import { useLinkToken } from './use-link-token.ts'
import { useSessionChanges } from './use-session-changes.ts'

const path = '/confirm-address'
/** For as long as the page is loaded: who signs in meanwhile comes back. It is never part of `next`, which servers get. */
let opened = ''

export default function ConfirmAddressPage() {
  const fromLink = useLinkToken()
  useEffect(() => {
    if (fromLink !== '') opened = fromLink
  }, [fromLink])
  const token = fromLink || opened
  return <ConfirmAddress key={token} token={token} />
}

function ConfirmAddress({ token }: { token: string }) {
  const client = useQueryClient()
  const [confirmed, setConfirmed] = useState<{ email: string; isRemoved: boolean } | null>(null)
  const task = useTask(async (isRemoved: boolean) => {
    const { email } = await confirmAddress(token, isRemoved)
    await client.invalidateQueries({ queryKey: sessionQuery.queryKey })
    setConfirmed({ email, isRemoved })
  })
  if (confirmed !== null) return <Confirmed {...confirmed} />
  if (token === '' || task.problem?.of('token')) return <NoLink isComplete={token !== ''} />
  if (task.problem?.code === 'conflict') return <Choice onRemove={() => task.run(true)} />
  return (
    <SignInLayout title="Confirm your e-mail address" description="Say that this address is yours.">
      <ProblemBanner problem={task.problem} />
      <WideButton isPending={task.isPending} onClick={() => task.run(false)}>
        Confirm address
      </WideButton>
    </SignInLayout>
  )
}

function Choice({ onRemove }: { onRemove: () => void }) {
  const { data: session } = useQuery(sessionQuery)
  const [isOther, setIsOther] = useState(false)
  if (isOther) return <Removal onRemove={onRemove} onBack={() => setIsOther(false)} />
  return (
    <SignInLayout
      title="Sign in to confirm"
      description="Sign in with the address of the message. Then everything stays as it is."
    >
      {session ? <SignOut email={session.user.email} /> : <SignIn />}
      <Button variant="ghost" className="justify-center" onClick={() => setIsOther(true)}>
        I did not set up this account
      </Button>
    </SignInLayout>
  )
}

const SignIn = () => (
  <LinkButton
    variant="primary"
    size="lg"
    className="w-full justify-center"
    href={`/sign-in?next=${path}`}
  >
    Sign in
  </LinkButton>
)

function SignOut({ email }: { email: string }) {
  const { signOut } = useSessionChanges()
  const task = useTask(signOut)
  return (
    <>
      <p className="text-base break-words text-kumo-default">
        You are signed in as <strong>{email}</strong>. If the message went to another address, sign
        out first.
      </p>
      <ProblemBanner problem={task.problem} />
      <WideButton isPending={task.isPending} onClick={() => task.run(`/sign-in?next=${path}`)}>
        Sign out and continue
      </WideButton>
    </>
  )
}

function Removal({ onRemove, onBack }: { onRemove: () => void; onBack: () => void }) {
  return (
    <SignInLayout
      title="Take over this account?"
      description="Somebody set it up with your address. Its password, sessions, second factors and linked services are removed. You set a password of your own next."
    >
      <Button variant="destructive" size="lg" className="w-full justify-center" onClick={onRemove}>
        Remove them and confirm
      </Button>
      <Button variant="ghost" className="justify-center" onClick={onBack}>
        Back
      </Button>
    </SignInLayout>
  )
}

function Confirmed({ email, isRemoved }: { email: string; isRemoved: boolean }) {
  return (
    <SignInLayout
      title="Address confirmed"
      description={
        isRemoved
          ? `${email} is yours. Set a password to sign in.`
          : `${email} is yours. Messages about your account reach you there.`
      }
    >
      <LinkButton
        variant="primary"
        size="lg"
        className="w-full justify-center"
        href={isRemoved ? '/forgot-password' : '/profile'}
      >
        {isRemoved ? 'Set a password' : 'Go to your profile'}
      </LinkButton>
    </SignInLayout>
  )
}

function NoLink({ isComplete }: { isComplete: boolean }) {
  return (
    <SignInLayout
      title={isComplete ? 'This link no longer works' : 'This link is not complete'}
      description={
        isComplete
          ? 'It works within 30 minutes. Ask for a new one on your profile.'
          : 'Open it as it stands in the message, or copy all of it, to its end.'
      }
    >
      <QuietLink path="/profile">Go to your profile</QuietLink>
    </SignInLayout>
  )
}
