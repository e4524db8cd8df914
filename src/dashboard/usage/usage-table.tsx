// What the chart shows, in numbers: for those who cannot see it, or want to know exactly.
import { Collapsible } from '@cloudflare/kumo/components/collapsible'
import { Table } from '@cloudflare/kumo/components/table'
import type { Span, Usage } from './api.ts'
import { answersOf, numberText, stepName } from './verdicts.ts'

export function UsageTable({ usage, span }: { usage: Usage; span: Span }) {
  return (
    <Collapsible.Root>
      <Collapsible.DefaultTrigger>The numbers as a table</Collapsible.DefaultTrigger>
      <Collapsible.DefaultPanel>
        <Numbers usage={usage} span={span} />
      </Collapsible.DefaultPanel>
    </Collapsible.Root>
  )
}

const number = 'text-right tabular-nums whitespace-nowrap'

function Numbers({ usage, span }: { usage: Usage; span: Span }) {
  const answers = answersOf(usage.counts)
  const used = usage.series.filter(({ total }) => total > 0).toReversed()
  const step = usage.granularity === 'hour' ? 'Hour from' : 'Day (UTC)'
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1)
    <section aria-label="Requests by time and answer" tabIndex={0} className="overflow-x-auto">
      <Table>
        <Table.Header>
          <Table.Row>
            <Table.Head>{step}</Table.Head>
            <Table.Head className={number}>Requests</Table.Head>
            {answers.map(({ code, name }) => (
              <Table.Head key={code} className={number}>
                {name}
              </Table.Head>
            ))}
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {used.map(({ time, total, counts }) => (
            <Table.Row key={time}>
              <Table.Cell className="whitespace-nowrap">{stepName(span, time)}</Table.Cell>
              <Table.Cell className={number}>{numberText(total)}</Table.Cell>
              {answers.map(({ code }) => (
                <Table.Cell key={code} className={number}>
                  {numberText(counts[code] ?? 0)}
                </Table.Cell>
              ))}
            </Table.Row>
          ))}
        </Table.Body>
      </Table>
      <p className="px-3 py-2 text-sm text-kumo-subtle">
        {usage.granularity === 'hour' ? 'Hours' : 'Days'} without requests are left out.
      </p>
    </section>
  )
}
