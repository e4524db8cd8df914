// latchkey accounts list
import type { AccountQuery, AccountStatus } from '../../account-types.ts'
import { command, connectionArgs, given, wholeNumber } from '../command.ts'
import { connect } from '../connection.ts'
import { tableOf } from '../table.ts'
import { printJson, printJsonLine, say } from '../terminal.ts'
import { accountColumns } from './columns.ts'

export default command({
  args: {
    search: { type: 'string', description: 'Part of a name, or an id' },
    status: {
      type: 'enum',
      options: ['active', 'suspended', 'closing'],
      description: 'Only with this status',
    },
    limit: { type: 'string', valueHint: '50', description: 'Accounts a page, 1 to 100' },
    cursor: { type: 'string', description: 'From where the page before ended' },
    all: { type: 'boolean', description: 'Every page; with --json a line of JSON each account' },
    ...connectionArgs,
  },
  async run({ search, status, limit, cursor, all, json, ...args }) {
    const { accounts } = connect(args).client
    const query: AccountQuery = given({
      ...{ search, cursor, status: status as AccountStatus | undefined },
      limit: wholeNumber('limit', limit),
    })
    const print = tableOf(accountColumns)
    if (!all) {
      const page = await accounts.list(query)
      if (json) return printJson(page)
      print(page.data)
      if (page.next_cursor !== null) say(`There are more: --cursor ${page.next_cursor}, or --all.`)
      return
    }
    for await (const account of accounts.list({ limit: 100, ...query })) {
      if (json) printJsonLine(account)
      else print([account])
    }
  },
})
