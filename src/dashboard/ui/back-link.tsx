import { CaretLeftIcon } from '@phosphor-icons/react'
import { Link } from 'wouter'

/** The link to the parent page, above a heading. */
export function BackLink({ path, children }: { path: string; children: string }) {
  return (
    <Link
      href={path}
      className="mb-2 inline-flex items-center gap-1 rounded text-base text-kumo-subtle outline-none hover:text-kumo-default focus-visible:ring-2 focus-visible:ring-kumo-focus"
    >
      <CaretLeftIcon aria-hidden size={14} />
      {children}
    </Link>
  )
}
