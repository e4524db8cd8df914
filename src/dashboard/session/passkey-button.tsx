// Signs in by a passkey alone.
import { FingerprintIcon } from '@phosphor-icons/react'
import { useQuery } from '@tanstack/react-query'
import { hasPasskeys } from '../api/passkey.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { signInMethodsQuery } from './api.ts'
import { signInByPasskey } from './factor-api.ts'
import { WideButton } from './sign-in-layout.tsx'
import { useSessionChanges } from './use-session-changes.ts'

export function PasskeyButton({ next }: { next: string }) {
  const { data } = useQuery(signInMethodsQuery)
  const { enter } = useSessionChanges()
  const task = useTask(() => signInByPasskey().then(() => enter(next)))
  if (!data?.passkey || !hasPasskeys()) return null
  return (
    <div className="flex flex-col gap-3 border-t border-kumo-hairline pt-5">
      <WideButton
        variant="secondary"
        icon={FingerprintIcon}
        isPending={task.isPending}
        onClick={() => task.run()}
      >
        Sign in with a passkey
      </WideButton>
      <ProblemBanner problem={task.problem} />
    </div>
  )
}
