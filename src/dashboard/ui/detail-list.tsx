// The attributes of an object, as a description list.
import type { ReactNode } from 'react'

/** `isNarrow`: inside a dialog. */
export function DetailList({ isNarrow, children }: { isNarrow?: boolean; children: ReactNode }) {
  return (
    <dl className={`grid gap-x-8 gap-y-4 sm:grid-cols-2 ${isNarrow ? '' : 'lg:grid-cols-3'}`}>
      {children}
    </dl>
  )
}

type Props = { name: string; note?: string | null; isWide?: boolean; children: ReactNode }

export function Detail({ name, note, isWide = false, children }: Props) {
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

export function CodeList({ texts }: { texts: readonly string[] }) {
  return (
    <span className="flex flex-wrap gap-1.5">
      {texts.map((text) => (
        <code
          key={text}
          className="rounded bg-kumo-recessed px-1.5 py-0.5 font-mono text-sm break-all"
        >
          {text}
        </code>
      ))}
    </span>
  )
}
