// The layout of pages that need no account: one card in the middle.
import { Button, type ButtonProps, LinkButton } from '@cloudflare/kumo/components/button'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { surface } from '../ui/card.tsx'
import { Logo } from '../ui/logo.tsx'
import { usePageTitle } from '../ui/page.tsx'

type Props = { title: string; description?: ReactNode; children: ReactNode }

export function SignInLayout({ title, description, children }: Props) {
  usePageTitle(title)
  return (
    <main className="flex min-h-dvh flex-col items-center bg-kumo-canvas px-4 py-10 sm:justify-center">
      <div className="mb-6">
        <Logo />
      </div>
      <div className={`${surface} w-full max-w-md p-6 sm:p-8`}>
        <h1 className="text-xl font-semibold text-kumo-default">{title}</h1>
        {description && <p className="mt-1 text-base text-kumo-subtle">{description}</p>}
        <div className="mt-6 flex flex-col gap-4">{children}</div>
      </div>
    </main>
  )
}

type WideButtonProps = {
  isPending: boolean
  icon?: NonNullable<ButtonProps['icon']>
  variant?: 'primary' | 'secondary'
  onClick?: () => void
  children: string
}

/** As wide as the card. Without `onClick` it submits the form around it. */
export function WideButton(props: WideButtonProps) {
  const { isPending, icon, variant = 'primary', onClick, children } = props
  return (
    <Button
      type={onClick ? 'button' : 'submit'}
      variant={variant}
      size="lg"
      className="w-full justify-center"
      loading={isPending}
      {...(icon && { icon })}
      onClick={onClick}
    >
      {children}
    </Button>
  )
}

type WideLinkProps = { path: string; variant?: 'primary' | 'secondary'; children: string }

export function WideLink({ path, variant = 'primary', children }: WideLinkProps) {
  return (
    <LinkButton variant={variant} size="lg" className="w-full justify-center" href={path}>
      {children}
    </LinkButton>
  )
}

type LinkProps = { path: string; onClick?: () => void; children: string }

/** To another page that needs no account. */
export function QuietLink({ path, onClick, children }: LinkProps) {
  return (
    <Link
      href={path}
      onClick={onClick}
      className="self-start rounded text-base text-kumo-link underline outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus"
    >
      {children}
    </Link>
  )
}
