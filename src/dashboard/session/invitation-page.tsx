// Where the link of an invitation leads: joining as a new user, or signing in to accept.
import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { useQuery } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { answer, type DataOf, invitations } from '../api/client.ts'
import { people, type User } from '../api/people.ts'
import { sessionQuery } from '../api/queries.ts'
import { errorOf } from '../ui/error-prop.ts'
import { type Fields, submitted } from '../ui/handle-submit.ts'
import { Splash } from '../ui/page-loader.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { PasswordField } from './password-field.tsx'
import { roleMeaning, roleName } from './roles.ts'
import { DoorPage } from './sign-in-layout.tsx'
import { SignInForm } from './sign-in-page.tsx'
import { useSessionChanges } from './use-session-changes.ts'

type Invitation = DataOf<(typeof invitations)[':id']['$get']>
type OfferProps = { id: string; offer: Invitation }

export default function InvitationPage({ id }: { id: string }) {
  const found = useQuery({
    queryKey: ['invitation', id],
    queryFn: async () => (await answer(invitations[':id'].$get({ param: { id } }))).data,
  })
  if (found.isPending) return <Splash />
  if (found.data === undefined) {
    return (
      <DoorPage title="This invitation cannot be found">
        <ProblemBanner problem={found.error} onRetry={() => found.refetch()} />
      </DoorPage>
    )
  }
  if (found.data.status !== 'pending') return <Closed status={found.data.status} />
  return <Offer id={id} offer={found.data} />
}

function Closed({ status }: Pick<Invitation, 'status'>) {
  const said = { canceled: 'was withdrawn', expired: 'has expired' }[status as string]
  return (
    <DoorPage
      title={`This invitation ${said ?? 'has been used'}`}
      description="Ask whoever sent it for a new one, or sign in if you have joined already."
    >
      <GoTo path="/sign-in">To the sign-in page</GoTo>
    </DoorPage>
  )
}

function Offer({ id, offer }: OfferProps) {
  const { account, role, email, has_user } = offer
  return (
    <DoorPage
      title={`Join ${account}`}
      description={`${email} is invited as ${roleName[role]}. ${roleMeaning[role]}.`}
    >
      {has_user ? <AcceptAsUser id={id} offer={offer} /> : <AcceptAsNew id={id} offer={offer} />}
    </DoorPage>
  )
}

function AcceptAsNew({ id, offer }: OfferProps) {
  const { signIn } = useSessionChanges()
  const task = useTask(async ({ text, trimmed }: Fields) => {
    const json = { name: trimmed('name'), password: text('password') }
    await answer(invitations[':id'].accept.$post({ param: { id }, json }))
    await signIn(offer.email, json.password, '/keys')
  })
  return (
    <form className="flex flex-col gap-4" onSubmit={submitted(task.run)}>
      <Input label="E-mail" value={offer.email} type="email" autoComplete="username" readOnly />
      <Input
        label="Your name"
        name="name"
        autoComplete="name"
        maxLength={80}
        required
        {...errorOf(task.problem?.of('name'))}
      />
      <PasswordField problem={task.problem} />
      <ProblemBanner problem={task.problem} />
      <Button
        type="submit"
        variant="primary"
        size="lg"
        className="w-full justify-center"
        loading={task.isPending}
      >
        {`Join ${offer.account}`}
      </Button>
    </form>
  )
}

function AcceptAsUser({ id, offer }: OfferProps) {
  const { data: session, isPending } = useQuery(sessionQuery)
  if (isPending) return <Splash />
  if (!session) {
    return (
      <>
        <p className="text-base text-kumo-default">You have a user already: sign in to accept.</p>
        <SignInForm email={offer.email} next={`/invitations/${id}`} />
      </>
    )
  }
  if (session.user.email === offer.email) return <Accept id={id} offer={offer} />
  return <OtherUser user={session.user} id={id} offer={offer} />
}

function Accept({ id, offer }: OfferProps) {
  const { enterAccount } = useSessionChanges()
  const task = useTask(async () => {
    const { member } = await people.acceptInvitation(id)
    await enterAccount(member.organizationId)
  })
  return (
    <>
      <ProblemBanner problem={task.problem} />
      <Button
        variant="primary"
        size="lg"
        className="w-full justify-center"
        loading={task.isPending}
        onClick={() => task.run()}
      >
        {`Join ${offer.account}`}
      </Button>
    </>
  )
}

function OtherUser({ user, id, offer }: OfferProps & { user: User }) {
  const { signOut } = useSessionChanges()
  const task = useTask(signOut)
  return (
    <>
      <p className="text-base text-kumo-default">
        You are signed in as {user.email}. Sign out, then sign in as {offer.email}.
      </p>
      <ProblemBanner problem={task.problem} />
      <Button loading={task.isPending} onClick={() => task.run(`/invitations/${id}`)}>
        Sign out
      </Button>
    </>
  )
}

function GoTo({ path, children }: { path: string; children: string }) {
  const [, navigate] = useLocation()
  return <Button onClick={() => navigate(path)}>{children}</Button>
}
