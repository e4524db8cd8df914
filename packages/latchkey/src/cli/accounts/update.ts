// latchkey accounts update ID: its name and its quotas.
import type { AccountChanges } from '../../account-types.ts'
import { command, connectionArgs, given, wholeNumber } from '../command.ts'
import { connect } from '../connection.ts'
import { usageError } from '../exit.ts'
import { sayUnderway } from '../keys/issued.ts'
import { accountArg } from './args.ts'
import { showAccount } from './columns.ts'

const quotaArg = (what: string) =>
  ({
    type: 'string',
    valueHint: 'number',
    description: `${what}; default for the default`,
  }) as const

export default command({
  args: {
    ...accountArg,
    name: { type: 'string', description: 'A new name' },
    keys: quotaArg('Unrevoked keys'),
    members: quotaArg('Members'),
    endpoints: quotaArg('Webhook endpoints'),
    'changes-per-minute': quotaArg('Changes a minute'),
    ...connectionArgs,
  },
  async run(args) {
    const quotas = given({
      keys: quotaOf('keys', args.keys),
      members: quotaOf('members', args.members),
      endpoints: quotaOf('endpoints', args.endpoints),
      changes_per_minute: quotaOf('changes-per-minute', args['changes-per-minute']),
    })
    const changes: AccountChanges = {
      ...given({ name: args.name }),
      ...(Object.keys(quotas).length > 0 && { quotas }),
    }
    if (Object.keys(changes).length === 0) throw usageError('Name something to change.')
    const account = await connect(args).client.accounts.update(args.id, changes)
    showAccount(account, args.json)
    sayUnderway(account)
  },
})

function quotaOf(name: string, text: string | undefined): number | null | undefined {
  return text === 'default' ? null : wholeNumber(name, text)
}
