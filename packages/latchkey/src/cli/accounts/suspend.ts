// latchkey accounts suspend ID
import { command, connectionArgs, dryRunArg, yesArg } from '../command.ts'
import { connect } from '../connection.ts'
import { sayUnderway } from '../keys/issued.ts'
import { confirmed } from '../prompt.ts'
import { plural } from '../text.ts'
import { accountArg } from './args.ts'
import { showAccount, showDryRun } from './columns.ts'

export default command({
  args: {
    ...accountArg,
    ...dryRunArg,
    ...yesArg,
    ...connectionArgs,
  },
  async run({ id, yes, json, ...args }) {
    const { accounts } = connect(args, { person: true }).client
    const account = await accounts.get(id)
    const keys = plural(account.counts.keys, 'key')
    if (args['dry-run']) return showDryRun(`stop ${keys}`, account, json)
    await confirmed(`Stop ${keys} of ${account.name}?`, yes)
    const suspended = await accounts.suspend(id)
    showAccount(suspended, json)
    sayUnderway(suspended)
  },
})
