// latchkey accounts delete ID: it is suspended now, and deleted in 14 days.
import { command, connectionArgs, dryRunArg, yesArg } from '../command.ts'
import { connect } from '../connection.ts'
import { sayUnderway } from '../keys/issued.ts'
import { confirmed } from '../prompt.ts'
import { say } from '../terminal.ts'
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
    const { keys, members } = account.counts
    const what = `${plural(keys, 'key')} and ${plural(members, 'member')}`
    if (args['dry-run']) return showDryRun(`delete ${what} in 14 days`, account, json)
    await confirmed(`Stop ${account.name} now, and delete ${what} in 14 days?`, yes)
    const removed = await accounts.remove(id)
    showAccount(removed, json)
    sayUnderway(removed)
    say('Until then it can be taken back: latchkey accounts resume.')
  },
})
