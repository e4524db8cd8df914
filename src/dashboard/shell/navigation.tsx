// The list of pages, with the account above and the person below.
import {
  BroadcastIcon,
  BuildingsIcon,
  HeartbeatIcon,
  KeyIcon,
  ListMagnifyingGlassIcon,
  ShieldCheckIcon,
  UsersIcon,
} from '@phosphor-icons/react'
import { Link, useLocation } from 'wouter'
import { useSignedIn } from '../session/signed-in.tsx'
import { Logo } from '../ui/logo.tsx'
import { AccountSwitcher } from './account-switcher.tsx'
import { ThemeSwitch } from './theme-switch.tsx'
import { PersonMenu } from './user-menu.tsx'

type NavigationPage = {
  path: string
  name: string
  Icon: typeof KeyIcon
  isForSeniors?: boolean
  isForOwners?: boolean
}

const pages: NavigationPage[] = [
  { path: '/keys', name: 'API keys', Icon: KeyIcon },
  { path: '/webhooks', name: 'Webhooks', Icon: BroadcastIcon },
  { path: '/members', name: 'Members', Icon: UsersIcon },
  { path: '/audit-log', name: 'Audit log', Icon: ListMagnifyingGlassIcon },
  { path: '/scopes', name: 'Scopes', Icon: ShieldCheckIcon },
  { path: '/status', name: 'Status', Icon: HeartbeatIcon, isForSeniors: true },
  { path: '/account', name: 'Account', Icon: BuildingsIcon, isForOwners: true },
]

/** `isCompact`: below a bar that has the name of the product already. */
export function Navigation({ isCompact = false }: { isCompact?: boolean }) {
  const { canChange, role } = useSignedIn()
  return (
    <div className="flex h-full flex-col gap-4 p-3">
      {!isCompact && (
        <div className="px-2 pt-2">
          <Logo />
        </div>
      )}
      <AccountSwitcher />
      <nav aria-label="Settings" className="flex-1">
        <p className="px-2 pb-1 text-sm font-medium text-kumo-subtle">Settings</p>
        <ul className="flex flex-col gap-0.5">
          {pages
            .filter(({ isForSeniors }) => canChange || !isForSeniors)
            .filter(({ isForOwners }) => role === 'owner' || !isForOwners)
            .map((page) => (
              <NavigationItem key={page.path} {...page} />
            ))}
        </ul>
      </nav>
      <div className="flex flex-col gap-3 border-t border-kumo-hairline pt-3">
        <ThemeSwitch />
        <PersonMenu />
      </div>
    </div>
  )
}

function NavigationItem({ path, name, Icon }: NavigationPage) {
  const [current] = useLocation()
  const isHere = current === path || current.startsWith(`${path}/`)
  return (
    <li>
      <Link
        href={path}
        aria-current={isHere ? 'page' : undefined}
        className={`flex items-center gap-2.5 rounded-md px-2 py-1.5 text-base outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus ${
          isHere
            ? 'bg-kumo-tint font-medium text-kumo-default'
            : 'text-kumo-subtle hover:bg-kumo-tint hover:text-kumo-default'
        }`}
      >
        <Icon size={18} aria-hidden weight={isHere ? 'fill' : 'regular'} />
        {name}
      </Link>
    </li>
  )
}
