// The requests of a key in the last 7 days, as bars with their number. It refines a row and never delays it.
import { useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext } from 'react'
import { numberText } from '../ui/number-text.ts'
import { type WeekOfKey, weekQuery } from './api.ts'

/** By key; null: not known. */
const Weeks = createContext<ReadonlyMap<string, WeekOfKey> | null>(null)

/** Asks for all keys of a page at once. */
export function WeeksOfUse({ ids, children }: { ids: readonly string[]; children: ReactNode }) {
  const { data } = useQuery({ ...weekQuery(ids), enabled: ids.length > 0 })
  return <Weeks value={data ?? null}>{children}</Weeks>
}

const [width, height, gap] = [4, 16, 2]

export function WeekOfUse({ id }: { id: string }) {
  const week = useContext(Weeks)?.get(id)
  if (week === undefined || week.total === 0) return null
  const largest = Math.max(...week.days)
  return (
    <span className="mt-1 flex items-center gap-1.5 text-sm whitespace-nowrap text-kumo-subtle">
      <svg
        aria-hidden
        width={week.days.length * (width + gap) - gap}
        height={height}
        className="fill-current text-kumo-brand"
      >
        {week.days.map((count, day) => {
          const bar = count === 0 ? 1 : Math.max(2, Math.round((count / largest) * height))
          const x = day * (width + gap)
          // biome-ignore lint/suspicious/noArrayIndexKey: a day has no other name.
          return <rect key={day} x={x} y={height - bar} width={width} height={bar} />
        })}
      </svg>
      {numberText(week.total)} in 7 days
    </span>
  )
}
