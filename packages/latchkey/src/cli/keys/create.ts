// latchkey keys create NAME
import { command, connectionArgs } from '../command.ts'
import { connect } from '../connection.ts'
import { fieldArgs, fieldsOf, mayBeEmpty } from './fields.ts'
import { issue, tokenFileArg } from './issued.ts'

export default command({
  args: {
    name: { type: 'positional', required: true, description: 'The name of the key' },
    ...fieldArgs,
    format: { type: 'string', description: 'The format of its token; the first one if left out' },
    disabled: { type: 'boolean', description: 'Refused until it is enabled' },
    ...tokenFileArg,
    ...connectionArgs,
  },
  mayBeEmpty,
  async run(args) {
    const { name, format, disabled } = args
    const key = {
      name,
      ...fieldsOf(args),
      ...(format !== undefined && { format }),
      ...(disabled && { is_active: false }),
    }
    const { client } = connect(args)
    // Retried under an Idempotency-Key of its own; a token that was lost on the way is replaced.
    await issue(args, () => client.create(key))
  },
})
