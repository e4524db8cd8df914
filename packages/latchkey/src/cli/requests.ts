// latchkey requests: the last requests with keys of the account, or with --follow those to come.
import { setTimeout as wait } from 'node:timers/promises'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { errorOf, LatchkeyError } from '../error.ts'
import { searchOf } from '../pages.ts'
import { command, connectionArgs, wholeNumber } from './command.ts'
import { type Connection, connect } from './connection.ts'
import { isUnavailable } from './exit.ts'
import { type Column, tableOf } from './table.ts'
import { printJson, printJsonLine, say } from './terminal.ts'

type Entry = {
  id: string
  time: string
  key: { id: string; name: string | null; key_prefix: string | null }
  code: string
  method: string | null
  route: string | null
  needed_scope: string | null
  address: string | null
  country: string | null
  tier: string
  ms: number
}

const columns: readonly Column<Entry>[] = [
  { title: 'time', of: ({ time }) => time.slice(0, 19).replace('T', ' '), isWhole: true },
  {
    title: 'code',
    of: ({ code }) => code,
    colour: ({ code }) => (code === 'valid' ? 'green' : 'red'),
  },
  { title: 'key', of: ({ key }) => key.name ?? key.id },
  { title: 'request', of: ({ method, route }) => [method, route].filter(Boolean).join(' ') },
  { title: 'needed', of: ({ needed_scope }) => needed_scope },
  { title: 'from', of: ({ address, country }) => [address, country].filter(Boolean).join(' ') },
  { title: 'ms', of: ({ ms }) => ms },
]

export default command({
  args: {
    key: { type: 'string', valueHint: 'id', description: 'Of this key only' },
    code: {
      type: 'string',
      valueHint: 'rate_limited',
      description: 'Answered with this code only',
    },
    limit: { type: 'string', valueHint: '50', description: 'Entries a page, 1 to 100' },
    cursor: { type: 'string', description: 'From where the page before ended' },
    follow: {
      type: 'boolean',
      alias: 'f',
      description: 'Print requests as they come, until interrupted; with --json a line each',
    },
    ...connectionArgs,
  },
  async run({ key, code, limit, cursor, json, ...args }) {
    const connection = connect(args, { person: true })
    const filter = { key_id: key, code }
    if (args.follow) return follow(connection, filter, json)
    const query = searchOf({ ...filter, cursor, limit: wholeNumber('limit', limit) })
    const page = (await connection.request('GET', `/api/requests${query}`)) as {
      data: Entry[]
      next_cursor: string | null
    }
    if (json) return printJson(page)
    tableOf(columns)(page.data)
    if (page.data.length === 0) say('No requests.')
    if (page.next_cursor !== null) say(`There are more: --cursor ${page.next_cursor}`)
  },
})

const reconnectMs = 2_000

/** A stream of the server ends after five minutes: the next one begins. */
async function follow(
  connection: Connection,
  filter: Record<string, unknown>,
  json: boolean | undefined,
): Promise<never> {
  const print = followed(json)
  const path = `/api/requests${searchOf({ ...filter, follow: 'true' })}`
  for (let hasOpened = false; ; ) {
    try {
      for await (const { event, data } of eventsOf(connection, path)) {
        if (event === 'open' && !hasOpened) say('Following. Ctrl-C ends it.')
        if (event === 'open') hasOpened = true
        if (event === 'request') print(JSON.parse(data) as Entry)
      }
    } catch (error) {
      // The first answer says whether it is possible at all.
      if (!hasOpened || (error instanceof LatchkeyError && !isUnavailable(error))) throw error
      say('The connection was lost. Requests of the next seconds may be missing here.')
      await wait(reconnectMs)
    }
  }
}

async function* eventsOf({ open }: Connection, path: string) {
  const response = await open(path)
  if (!response.ok || response.body === null) {
    throw errorOf(response, await response.json().catch(() => null))
  }
  yield* response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
}

/** One line each: widths of columns would be those of the first entry. */
function followed(json: boolean | undefined): (entry: Entry) => void {
  if (json) return printJsonLine
  const table = tableOf(columns.map((column) => ({ ...column, isWhole: false })))
  return (entry) => table([entry])
}
