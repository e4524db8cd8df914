// The requests of a key, by day: bars, and the same as a table.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { CallFailure, type Failure } from '../session/call.ts'
import { callPortal } from '../session/portal.ts'
import type { Usage } from '../session/types.ts'
import { Problem } from '../ui/problem.tsx'

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' })
const height = 48

type Step = Usage['series'][number]

export function UsageOfKey({ id }: { id: string }) {
  const [usage, setUsage] = useState<Usage | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  useEffect(() => {
    callPortal<Usage>(`/keys/${id}/usage`)
      .then(({ data }) => setUsage(data))
      .catch((error: unknown) => {
        if (!(error instanceof CallFailure)) throw error
        setFailure(error.failure)
      })
  }, [id])
  if (failure !== null)
    return (
      <Spaced>
        <Problem failure={failure} />
      </Spaced>
    )
  if (usage === null)
    return (
      <Spaced>
        <p role="status">Loading the usage …</p>
      </Spaced>
    )
  const refused = refusedOf(usage)
  const requests = usage.total === 1 ? 'request' : 'requests'
  const total = `${usage.total.toLocaleString()} ${requests} in 30 days, ${refused.toLocaleString()} of them refused`
  return (
    <Spaced>
      <p class="text-sm">{total}</p>
      {usage.total > 0 && (
        <>
          <Bars series={usage.series} label={total} />
          <Days series={usage.series} />
        </>
      )}
      <p class="mt-1 text-xs text-subtle">
        Days are those of UTC. Requests are counted after some seconds.
      </p>
    </Spaced>
  )
}

function Spaced({ children }: { children: ComponentChildren }) {
  return <div class="mt-4 border-t border-line pt-3">{children}</div>
}

function refusedOf({ total, counts }: Pick<Step, 'total' | 'counts'>): number {
  return total - (counts.valid ?? 0)
}

/** An SVG: the page's policy allows no styles of elements. */
function Bars({ series, label }: { series: Step[]; label: string }) {
  const most = Math.max(...series.map(({ total }) => total), 1)
  const width = 10
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${series.length * width} ${height}`}
      preserveAspectRatio="none"
      class="mt-2 h-12 w-full border-b border-line"
    >
      {series.map((step, at) => {
        const all = (step.total / most) * height
        const refused = (refusedOf(step) / most) * height
        const place = { x: at * width + 1, width: width - 2 }
        return (
          <g key={step.time}>
            <rect {...place} y={height - all} height={all - refused} class="fill-brand" />
            <rect {...place} y={height - refused} height={refused} class="fill-danger" />
          </g>
        )
      })}
    </svg>
  )
}

function Days({ series }: { series: Step[] }) {
  const used = series.filter(({ total }) => total > 0).reverse()
  return (
    <details class="mt-2 text-sm">
      <summary class="cursor-pointer">By day</summary>
      <table class="mt-2 w-full text-left">
        <thead class="text-subtle">
          <tr>
            <th scope="col" class="font-normal">
              Day
            </th>
            <th scope="col" class="text-right font-normal">
              Requests
            </th>
            <th scope="col" class="text-right font-normal">
              Refused
            </th>
          </tr>
        </thead>
        <tbody>
          {used.map((step) => (
            <tr key={step.time} class="border-t border-line">
              <th scope="row" class="font-normal">
                <bdi>{day.format(new Date(step.time))}</bdi>
              </th>
              <td class="text-right tabular-nums">{step.total.toLocaleString()}</td>
              <td class="text-right tabular-nums">{refusedOf(step).toLocaleString()}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
