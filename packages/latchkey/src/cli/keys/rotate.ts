// latchkey keys rotate ID
import { command, connectionArgs, given } from '../command.ts'
import { connect } from '../connection.ts'
import { secondsOf } from './fields.ts'
import { issue, tokenFileArg } from './issued.ts'

export default command({
  args: {
    id: { type: 'positional', required: true, description: 'The id of the key' },
    overlap: {
      type: 'string',
      valueHint: '1h',
      description: 'The old token works for so long; 0 if left out',
    },
    'expires-at': { type: 'string', valueHint: 'time', description: 'Of the new token (RFC 3339)' },
    ...tokenFileArg,
    ...connectionArgs,
  },
  async run(args) {
    const { overlap } = args
    const rotation = given({
      overlap_seconds: overlap === undefined ? undefined : secondsOf('overlap', overlap),
      expires_at: args['expires-at'],
    })
    const { client } = connect(args)
    await issue(args, () => client.rotate(args.id, rotation))
  },
})
