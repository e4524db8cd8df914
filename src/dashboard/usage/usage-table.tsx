// The data of the chart as a table, for screen readers and exact values.
import { Collapsible } from '@cloudflare/kumo/components/collapsible'
import { Table } from '@cloudflare/kumo/components/table'
import { numberText } from '../ui/number-text.ts'
import { TableHead } from '../ui/table-head.tsx'
import type { TimeRange, Usage } from './api.ts'
import { stepName, verdictCounts } from './verdicts.ts'

export function UsageTable({ usage, range }: { usage: Usage; range: TimeRange }) {
  return (
    <Collapsible.Root>
      <Collapsible.DefaultTrigger>View as table</Collapsible.DefaultTrigger>
      <Collapsible.DefaultPanel>
        <Numbers usage={usage} range={range} />
      </Collapsible.DefaultPanel>
    </Collapsible.Root>
  )
}

const number = 'text-right tabular-nums whitespace-nowrap'

function Numbers({ usage, range }: { usage: Usage; range: TimeRange }) {
  const verdicts = verdictCounts(usage.counts)
  const used = usage.series.filter(({ total }) => total > 0).toReversed()
  const names = ['Requests', ...verdicts.map(({ name }) => name)]
  const step = usage.granularity === 'hour' ? 'Hour' : 'Day (UTC)'
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable by keyboard (WCAG 2.1.1)
    <section aria-label="Requests by time and result" tabIndex={0} className="overflow-x-auto">
      <Table>
        <TableHead columns={[step, ...names.map((name) => ({ name, className: number }))]} />
        <Table.Body>
          {used.map(({ time, total, counts }) => (
            <Table.Row key={time}>
              <Table.Cell className="whitespace-nowrap">{stepName(range, time)}</Table.Cell>
              <Table.Cell className={number}>{numberText(total)}</Table.Cell>
              {verdicts.map(({ code }) => (
                <Table.Cell key={code} className={number}>
                  {numberText(counts[code] ?? 0)}
                </Table.Cell>
              ))}
            </Table.Row>
          ))}
        </Table.Body>
      </Table>
      <p className="px-3 py-2 text-sm text-kumo-subtle">
        {usage.granularity === 'hour' ? 'Hours' : 'Days'} without requests are omitted.
      </p>
    </section>
  )
}
