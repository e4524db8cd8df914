import { Button } from '@cloudflare/kumo/components/button'
import { SignOutIcon } from '@phosphor-icons/react'
import { Link } from 'wouter'
import { useSignedIn } from '../session/signed-in.tsx'
import { useSessionChanges } from '../session/use-session-changes.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'

export function UserMenu() {
  const { user } = useSignedIn()
  const { signOut } = useSessionChanges()
  const task = useTask(signOut)
  return (
    <>
      <ProblemBanner problem={task.problem} />
      <div className="flex items-center gap-2 px-2 pb-1">
        <Link
          href="/profile"
          title="Profile"
          className="min-w-0 flex-1 rounded-md outline-none hover:underline focus-visible:ring-2 focus-visible:ring-kumo-focus"
        >
          <span className="block truncate text-base font-medium text-kumo-default">
            {user.name}
          </span>
          <span className="block truncate text-sm text-kumo-subtle" title={user.email}>
            {user.email}
          </span>
        </Link>
        <Button
          variant="ghost"
          shape="square"
          icon={SignOutIcon}
          aria-label="Sign out"
          title="Sign out"
          loading={task.isPending}
          onClick={() => task.run()}
        />
      </div>
    </>
  )
}
