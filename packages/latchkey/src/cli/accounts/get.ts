import { command, connectionArgs } from '../command.ts'
import { connect } from '../connection.ts'
import { accountArg } from './args.ts'
import { showAccount } from './columns.ts'

export default command({
  args: {
    ...accountArg,
    ...connectionArgs,
  },
  async run({ id, json, ...args }) {
    showAccount(await connect(args).client.accounts.get(id), json)
  },
})
