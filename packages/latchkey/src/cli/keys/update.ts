// latchkey keys update ID: changes what is named, and nothing else.
import type { KeyChanges } from '../../types.ts'
import { command, connectionArgs, listOf } from '../command.ts'
import { connect } from '../connection.ts'
import { usageError } from '../exit.ts'
import { printJson, say } from '../terminal.ts'
import { printKey } from './columns.ts'
import { fieldArgs, fieldsOf, mayBeEmpty } from './fields.ts'
import { sayUnderway } from './issued.ts'

const clearable = [
  ...['scopes', 'expires_at', 'allowed_ips', 'rate_limit', 'credits'],
  ...['external_id', 'metadata', 'may_grant'],
]

export default command({
  args: {
    id: { type: 'positional', required: true, description: 'The id of the key' },
    name: { type: 'string', description: 'A new name' },
    ...fieldArgs,
    clear: {
      type: 'string',
      valueHint: 'a,b',
      description: `Fields to clear, of ${clearable.join(', ')}`,
    },
    enable: { type: 'boolean', description: 'Let it work again' },
    disable: { type: 'boolean', description: 'Refuse it until it is enabled' },
    reviewed: { type: 'boolean', description: 'It needs no review any more' },
    ...connectionArgs,
  },
  mayBeEmpty,
  async run(args) {
    const changes = changesOf(args)
    if (Object.keys(changes).length === 0) throw usageError('Name something to change.')
    const key = await connect(args).client.update(args.id, changes)
    if (args.json) return printJson(key)
    printKey(key)
    sayUnderway(key)
    say('Changed.')
  },
})

type Given = Parameters<typeof fieldsOf>[0] & {
  name?: string | undefined
  clear?: string | undefined
  enable?: boolean | undefined
  disable?: boolean | undefined
  reviewed?: boolean | undefined
}

function changesOf({ name, clear, enable, disable, reviewed, ...fields }: Given): KeyChanges {
  if (enable && disable) throw usageError('Give one of --enable and --disable.')
  const cleared = listOf(clear) ?? []
  if (cleared.some((field) => !clearable.includes(field))) {
    throw usageError(`--clear takes ${clearable.join(', ')}.`)
  }
  const changes = {
    ...fieldsOf(fields),
    ...(name !== undefined && { name }),
    ...((enable || disable) && { is_active: enable === true }),
    ...(reviewed && { needs_review: false as const }),
    ...Object.fromEntries(cleared.map((field) => [field, null])),
  }
  return changes as KeyChanges
}
