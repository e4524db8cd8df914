// Links to the pages, between the account switcher and the user menu.
import {
  ArrowsLeftRightIcon,
  BroadcastIcon,
  BuildingsIcon,
  ChartBarIcon,
  FlaskIcon,
  HeartbeatIcon,
  KeyIcon,
  ListMagnifyingGlassIcon,
  ShieldCheckIcon,
  TreeStructureIcon,
  UsersIcon,
} from '@phosphor-icons/react'
import { Link, useLocation } from 'wouter'
import { isAtLeast, type Role } from '../session/roles.ts'
import { type SignedIn, useSignedIn } from '../session/signed-in.tsx'
import { Logo } from '../ui/logo.tsx'
import { AccountSwitcher } from './account-switcher.tsx'
import { PaletteButton } from './palette-button.tsx'
import { ThemeSwitch } from './theme-switch.tsx'
import { UserMenu } from './user-menu.tsx'

export type NavigationPage = { path: string; name: string; Icon: typeof KeyIcon; weakest?: Role }

const accountPages: NavigationPage[] = [
  { path: '/overview', name: 'Overview', Icon: ChartBarIcon },
  { path: '/keys', name: 'API keys', Icon: KeyIcon },
  { path: '/requests', name: 'Requests', Icon: ArrowsLeftRightIcon, weakest: 'admin' },
  { path: '/playground', name: 'Playground', Icon: FlaskIcon },
  { path: '/webhooks', name: 'Webhooks', Icon: BroadcastIcon },
  { path: '/members', name: 'Members', Icon: UsersIcon },
  { path: '/audit-log', name: 'Audit log', Icon: ListMagnifyingGlassIcon },
  { path: '/scopes', name: 'Scopes', Icon: ShieldCheckIcon },
  { path: '/account', name: 'Account', Icon: BuildingsIcon, weakest: 'owner' },
]

/** In the account that operates the deployment. */
const platformPages: NavigationPage[] = [
  { path: '/accounts', name: 'Accounts', Icon: TreeStructureIcon, weakest: 'owner' },
  { path: '/status', name: 'Status', Icon: HeartbeatIcon, weakest: 'admin' },
]

/** Those that the person may see. */
export function pagesOf({ role, standing }: Pick<SignedIn, 'role' | 'standing'>): NavigationPage[] {
  const all = standing.is_platform ? [...accountPages, ...platformPages] : accountPages
  return all.filter(({ weakest = 'member' }) => isAtLeast(role, weakest))
}

/** `isCompact`: without the logo. */
export function Navigation({ isCompact = false }: { isCompact?: boolean }) {
  const { standing } = useSignedIn()
  return (
    <div className="flex h-full flex-col gap-4 p-3">
      {!isCompact && (
        <div className="px-2 pt-2">
          <Logo />
        </div>
      )}
      <AccountSwitcher />
      <PaletteButton />
      <nav aria-label="Settings" className="flex flex-1 flex-col gap-4">
        <NavigationGroup name="Settings" pages={accountPages} />
        {standing.is_platform && <NavigationGroup name="Platform" pages={platformPages} />}
      </nav>
      <div className="flex flex-col gap-3 border-t border-kumo-hairline pt-3">
        <ThemeSwitch />
        <UserMenu />
      </div>
    </div>
  )
}

function NavigationGroup({ name, pages }: { name: string; pages: readonly NavigationPage[] }) {
  const { role } = useSignedIn()
  const shown = pages.filter(({ weakest = 'member' }) => isAtLeast(role, weakest))
  if (shown.length === 0) return null
  return (
    <div>
      <p className="px-2 pb-1 text-sm font-medium text-kumo-subtle">{name}</p>
      <ul className="flex flex-col gap-0.5">
        {shown.map((page) => (
          <NavigationItem key={page.path} {...page} />
        ))}
      </ul>
    </div>
  )
}

function NavigationItem({ path, name, Icon }: NavigationPage) {
  const [location] = useLocation()
  const isCurrent = location === path || location.startsWith(`${path}/`)
  return (
    <li>
      <Link
        href={path}
        aria-current={isCurrent ? 'page' : undefined}
        className={`flex items-center gap-2.5 rounded-md px-2 py-1.5 text-base outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus ${
          isCurrent
            ? 'bg-kumo-tint font-medium text-kumo-default'
            : 'text-kumo-subtle hover:bg-kumo-tint hover:text-kumo-default'
        }`}
      >
        <Icon size={18} aria-hidden weight={isCurrent ? 'fill' : 'regular'} />
        {name}
      </Link>
    </li>
  )
}
