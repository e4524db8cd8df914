// The account of this page, and links to the user's other accounts.
import { BuildingsIcon, CaretUpDownIcon, CheckIcon } from '@phosphor-icons/react'
import { useQuery } from '@tanstack/react-query'
import { pathInAccount } from '../api/account.ts'
import { accountsQuery } from '../session/api.ts'
import { roleName } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { Menu } from '../ui/menu.tsx'

export function AccountSwitcher() {
  const { account, role } = useSignedIn()
  const { data: accounts = [] } = useQuery(accountsQuery)
  if (accounts.length < 2) return <Current />
  return (
    <Menu
      trigger={
        <button
          type="button"
          // What is visible is part of the name, in its order (WCAG 2.2, 2.5.3).
          aria-label={`Switch account: ${account.name} ${roleName[role]}`}
          className="w-full rounded-md text-left outline-none hover:bg-kumo-tint focus-visible:ring-2 focus-visible:ring-kumo-focus"
        >
          <Current canSwitch />
        </button>
      }
      items={accounts.map(({ id, name }) => ({
        name,
        icon: id === account.id ? CheckIcon : BuildingsIcon,
        href: pathInAccount(id),
        isCurrent: id === account.id,
      }))}
    />
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
        </span>{' '}
        <span className="block text-sm text-kumo-subtle">{roleName[role]}</span>
      </span>
      {canSwitch && <CaretUpDownIcon aria-hidden className="shrink-0 text-kumo-subtle" />}
    </span>
  )
}
