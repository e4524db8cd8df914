// latchkey keys list: one page, or with --all every page as it comes.
import type { KeyQuery } from '../../types.ts'
import { command, connectionArgs } from '../command.ts'
import { type Connection, connect } from '../connection.ts'
import { tableOf } from '../table.ts'
import { printJson, printJsonLine, say } from '../terminal.ts'
import { keyColumns } from './columns.ts'
import { filterArgs, queryOf } from './filters.ts'

const mostOfPage = 100

export default command({
  args: {
    ...filterArgs,
    all: { type: 'boolean', description: 'Every page; with --json a line of JSON each key' },
    ...connectionArgs,
  },
  async run(args) {
    const connection = connect(args)
    if (args.all) return listAll(connection, queryOf(args), args.json)
    const page = await connection.client.list(queryOf(args))
    if (args.json) return printJson(page)
    tableOf(keyColumns)(page.data)
    if (page.data.length === 0) say('No keys.')
    if (page.next_cursor !== null) say(`There are more: --cursor ${page.next_cursor}, or --all.`)
  },
})

async function listAll(
  { client }: Connection,
  query: KeyQuery,
  json: boolean | undefined,
): Promise<void> {
  const print = tableOf(keyColumns)
  let cursor = query.cursor
  do {
    const page = await client.list({ limit: mostOfPage, ...query, cursor })
    if (json) for (const key of page.data) printJsonLine(key)
    else print(page.data)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
}
