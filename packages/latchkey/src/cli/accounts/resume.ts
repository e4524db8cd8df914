// latchkey accounts resume ID: its keys work again, and a deletion by the platform is taken back.
import { command, connectionArgs, dryRunArg } from '../command.ts'
import { connect } from '../connection.ts'
import { sayUnderway } from '../keys/issued.ts'
import { plural } from '../text.ts'
import { accountArg } from './args.ts'
import { showAccount, showDryRun } from './columns.ts'

export default command({
  args: {
    ...accountArg,
    ...dryRunArg,
    ...connectionArgs,
  },
  async run({ id, json, ...args }) {
    const { accounts } = connect(args, { person: true }).client
    if (args['dry-run']) {
      const account = await accounts.get(id)
      return showDryRun(`let ${plural(account.counts.keys, 'key')} work again`, account, json)
    }
    const resumed = await accounts.resume(id)
    showAccount(resumed, json)
    sayUnderway(resumed)
  },
})
