// Routes Kumo's links in the browser.
import type { LinkComponentProps } from '@cloudflare/kumo/utils'
import { forwardRef } from 'react'
import { Link } from 'wouter'

export const AppLink = forwardRef<HTMLAnchorElement, LinkComponentProps>(function AppLink(
  { href, to, ...rest },
  ref,
) {
  return <Link ref={ref} href={href ?? to ?? '/'} {...rest} />
})
