// latchkey keys lookup: which key has a token that was found somewhere.
import { command, connectionArgs } from '../command.ts'
import { connect } from '../connection.ts'
import { refuseSecretArgument, secretFrom } from '../prompt.ts'
import { printJson } from '../terminal.ts'
import { printKey } from './columns.ts'

export default command({
  args: {
    token: {
      type: 'positional',
      required: false,
      description: '- to read the token from standard input; left out, it is asked for',
    },
    ...connectionArgs,
  },
  async run({ token: argument, json, ...args }) {
    refuseSecretArgument(argument)
    const { client } = connect(args)
    const key = await client.lookup(await secretFrom(argument, 'Token'))
    if (json) printJson(key)
    else printKey(key)
  },
})
