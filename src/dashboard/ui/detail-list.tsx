// One of the facts about a thing, in a list of them (`dl`).
import type { ReactNode } from 'react'

type Props = { name: string; note?: string | null; isWide?: boolean; children: ReactNode }

export function Fact({ name, note, isWide = false, children }: Props) {
  return (
    <div className={`min-w-0 ${isWide ? 'sm:col-span-2' : ''}`}>
      <dt className="text-sm text-kumo-subtle">{name}</dt>
      <dd className="mt-0.5 text-base text-kumo-default">
        {children}
        {note && <span className="block text-sm text-kumo-subtle">{note}</span>}
      </dd>
    </div>
  )
}
