// A titled section of a page.
import { type ReactNode, useId } from 'react'

type Props = {
  title: string
  description?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** Without padding: for tables. */
  isFlush?: boolean
}

/** Aligns the first and last columns of a table with the heading above it. */
export const tableEdges = '[&_:is(td,th):first-child]:pl-4 [&_:is(td,th):last-child]:pr-4'

export const surface = 'rounded-lg bg-kumo-base ring ring-kumo-hairline'

export function Card({ title, description, actions, children, isFlush }: Props) {
  const id = useId()
  return (
    <section aria-labelledby={id} className={`${surface} overflow-hidden`}>
      <div className="flex flex-wrap items-center justify-between gap-3 border-b border-kumo-hairline px-4 py-3">
        <div className="min-w-0">
          <h2 id={id} className="text-base font-semibold text-kumo-default">
            {title}
          </h2>
          {description && <p className="text-sm text-kumo-subtle">{description}</p>}
        </div>
        {actions}
      </div>
      <div className={isFlush ? tableEdges : 'p-4'}>{children}</div>
    </section>
  )
}
