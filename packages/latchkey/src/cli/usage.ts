// latchkey usage: requests by the code that they were answered with, of a key or of the account.
import type { Usage } from '../account-types.ts'
import { pathOfId } from '../calls.ts'
import { searchOf } from '../pages.ts'
import { command, connectionArgs } from './command.ts'
import { connect } from './connection.ts'
import { usageError } from './exit.ts'
import { tableOf } from './table.ts'
import { print, printJson, say } from './terminal.ts'
import { plural } from './text.ts'

type Group = {
  value: string | null
  name?: string
  key_prefix?: string
  total: number
  counts: Record<string, number>
}
type AccountUsage = Usage & { groups?: Group[]; other?: { total: number } }

export default command({
  args: {
    key: { type: 'string', valueHint: 'id', description: 'Of this key only' },
    from: { type: 'string', valueHint: 'time', description: 'An RFC 3339 time, or a date' },
    to: { type: 'string', valueHint: 'time', description: 'Now if left out' },
    granularity: { type: 'enum', options: ['hour', 'day'], description: 'day if left out' },
    'group-by': {
      type: 'enum',
      options: ['key', 'external_id', 'code', 'environment'],
      description: 'The hundred with the most requests',
    },
    ...connectionArgs,
  },
  async run({ key, from, to, granularity, json, ...args }) {
    const group_by = args['group-by']
    if (key !== undefined && group_by !== undefined) {
      throw usageError('--group-by is of the whole account: leave out --key.')
    }
    const path = key === undefined ? '/api/usage' : `${pathOfId('/api/api-keys', key)}/usage`
    const query = searchOf({ from, to, granularity, group_by })
    const { data } = (await connect(args).request('GET', path + query)) as { data: AccountUsage }
    if (json) return printJson(data)
    if (data.groups === undefined) showSeries(data)
    else showGroups(data.groups, data.other?.total ?? 0)
    say(`${plural(data.total, 'request')} from ${data.from} to ${data.to}.`)
  },
})

function showSeries({ series, counts, granularity }: Usage): void {
  const codes = Object.keys(counts)
  const shown = series.filter(({ total }) => total > 0)
  tableOf<Usage['series'][number]>([
    {
      title: granularity,
      of: ({ time }) => time.slice(0, granularity === 'day' ? 10 : 16),
      isWhole: true,
    },
    { title: 'total', of: ({ total }) => total },
    ...codes.map((code) => ({
      title: code,
      of: (step: Usage['series'][number]) => step.counts[code] ?? 0,
    })),
  ])(shown)
}

function showGroups(groups: readonly Group[], other: number): void {
  tableOf<Group>([
    { title: 'value', of: ({ value }) => value ?? 'none', isWhole: true },
    { title: 'name', of: ({ name, key_prefix }) => name ?? key_prefix },
    { title: 'total', of: ({ total }) => total },
    {
      title: 'by code',
      of: ({ counts }) =>
        Object.entries(counts)
          .map(([code, count]) => `${code} ${count}`)
          .join(', '),
    },
  ])(groups)
  if (other > 0) print(`and ${plural(other, 'other request')}`)
}
