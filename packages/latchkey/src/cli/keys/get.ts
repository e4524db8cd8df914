import { command, connectionArgs } from '../command.ts'
import { connect } from '../connection.ts'
import { printJson } from '../terminal.ts'
import { printKey } from './columns.ts'

export default command({
  args: {
    id: { type: 'positional', required: true, description: 'The id of the key' },
    ...connectionArgs,
  },
  async run({ id, json, ...args }) {
    const key = await connect(args).client.get(id)
    if (json) printJson(key)
    else printKey(key)
  },
})
