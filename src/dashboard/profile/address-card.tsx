// Asks the user to confirm their address, where it is not and mail could reach it.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { sendConfirmation, signInMethodsQuery } from '../session/api.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { Card } from '../ui/card.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'

export function AddressCard() {
  const { user } = useSignedIn()
  const { data: methods } = useQuery(signInMethodsQuery)
  const [isSent, setIsSent] = useState(false)
  const task = useTask(async () => {
    await sendConfirmation()
    setIsSent(true)
  })
  if (user.emailVerified || !methods?.mail) return null
  return (
    <Card
      title="Confirm your address"
      description="A confirmed address gets warnings of new sign-ins and of leaked keys, and accepts invitations."
    >
      <div className="flex flex-col items-start gap-3">
        <ProblemBanner problem={task.problem} />
        <p className="text-base break-words text-kumo-default" role="status">
          {isSent
            ? `A message to ${user.email} is on its way. Its link works for 30 minutes.`
            : `We send a link to ${user.email}.`}
        </p>
        <Button loading={task.isPending} onClick={() => task.run()}>
          {isSent ? 'Send it again' : 'Send the link'}
        </Button>
      </div>
    </Card>
  )
}
