// The active account, and a menu of the user's other accounts.
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown'
import { BuildingsIcon, CaretUpDownIcon, CheckIcon } from '@phosphor-icons/react'
import { useQuery } from '@tanstack/react-query'
import { type Account, accountsQuery } from '../session/api.ts'
import { roleName } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { useSessionChanges } from '../session/use-session-changes.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'

export function AccountSwitcher() {
  const { account } = useSignedIn()
  const { data: accounts = [] } = useQuery(accountsQuery)
  const { switchAccount } = useSessionChanges()
  const task = useTask(switchAccount)
  if (accounts.length < 2) return <Current />
  return (
    <>
      <DropdownMenu>
        <DropdownMenu.Trigger
          render={
            <button
              type="button"
              disabled={task.isPending}
              aria-label={`Account ${account.name}. Switch account`}
              className="w-full rounded-md text-left outline-none hover:bg-kumo-tint focus-visible:ring-2 focus-visible:ring-kumo-focus"
            >
              <Current canSwitch />
            </button>
          }
        />
        <DropdownMenu.Content>
          {accounts.map((each) => (
            <AccountItem
              key={each.id}
              account={each}
              isCurrent={each.id === account.id}
              onSwitch={() => task.run(each.id)}
            />
          ))}
        </DropdownMenu.Content>
      </DropdownMenu>
      <ProblemBanner problem={task.problem} />
    </>
  )
}

type ItemProps = { account: Account; isCurrent: boolean; onSwitch: () => void }

function AccountItem({ account, isCurrent, onSwitch }: ItemProps) {
  return (
    <DropdownMenu.Item
      icon={isCurrent ? CheckIcon : BuildingsIcon}
      disabled={isCurrent}
      onClick={onSwitch}
    >
      {account.name}
    </DropdownMenu.Item>
  )
}

function Current({ canSwitch = false }: { canSwitch?: boolean }) {
  const { account, role } = useSignedIn()
  return (
    <span className="flex items-center gap-2.5 rounded-md px-2 py-1.5 ring ring-kumo-hairline">
      <BuildingsIcon size={18} aria-hidden className="shrink-0 text-kumo-subtle" />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-base font-medium text-kumo-default">
          {account.name}
        </span>
        <span className="block text-sm text-kumo-subtle">{roleName[role]}</span>
      </span>
      {canSwitch && <CaretUpDownIcon aria-hidden className="shrink-0 text-kumo-subtle" />}
    </span>
  )
}
