// The frame of a page. Its heading takes the focus after navigation, so that a screen reader announces the
// page.
import { type ReactNode, useEffect, useRef } from 'react'

type Props = {
  title: string
  /** A status next to the title. */
  badge?: ReactNode
  above?: ReactNode
  description?: ReactNode
  actions?: ReactNode
  children: ReactNode
  isNarrow?: boolean
}

export function Page({ title, badge, above, description, actions, children, isNarrow }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  usePageTitle(title)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <div
      className={`mx-auto w-full px-4 py-6 md:px-8 md:py-8 ${isNarrow ? 'max-w-3xl' : 'max-w-7xl'}`}
    >
      {above}
      <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
        <div className="min-w-0 flex-1 basis-72">
          <div className="flex flex-wrap items-center gap-3">
            <h1
              ref={heading}
              tabIndex={-1}
              className="min-w-0 text-2xl font-semibold break-words text-kumo-default outline-none"
            >
              <bdi>{title}</bdi>
            </h1>
            {badge}
          </div>
          {description && (
            <p className="mt-1 max-w-2xl text-base text-kumo-subtle">{description}</p>
          )}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      <div className="flex flex-col gap-6">{children}</div>
    </div>
  )
}

/** For what had the focus and is gone. */
export const focusTitle = () => document.querySelector('h1')?.focus({ preventScroll: true })

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Latchkey`
  }, [title])
}
