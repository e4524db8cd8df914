// latchkey keys explain: every check of a request with a key, and what would mend those that fail.
import type { ExplainRequest, KeyExplanation } from '../../types.ts'
import { command, connectionArgs, given, listOf } from '../command.ts'
import { connect } from '../connection.ts'
import { usageError } from '../exit.ts'
import { refuseSecretArgument, secretFrom } from '../prompt.ts'
import { printDetails, tableOf } from '../table.ts'
import { print, printJson } from '../terminal.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export default command({
  args: {
    key: {
      type: 'positional',
      required: false,
      description:
        'The id of the key, or - for a token from standard input; left out, a token is asked for',
    },
    method: { type: 'string', valueHint: 'GET', description: 'Of a request to the gateway' },
    path: {
      type: 'string',
      valueHint: '/api/contacts',
      description: 'Of a request to the gateway',
    },
    ip: { type: 'string', description: 'The address of the client' },
    scopes: { type: 'string', valueHint: 'a,b', description: 'All of these are needed' },
    'any-of': { type: 'string', valueHint: 'a,b', description: 'Any of these suffices' },
    environment: { type: 'string', description: 'live if left out; any for any' },
    ...connectionArgs,
  },
  async run(args) {
    const { key, method, path } = args
    if ((method === undefined) !== (path === undefined))
      throw usageError('--method and --path go together.')
    const isId = key !== undefined && uuid.test(key)
    if (!isId) refuseSecretArgument(key)
    const { client } = connect(args)
    const subject = isId ? { key_id: key } : { token: await secretFrom(key, 'Token') }
    const asked = given({
      ...{ method, path, ip: args.ip, environment: args.environment },
      ...{ scopes: listOf(args.scopes), any_of: listOf(args['any-of']) },
    })
    const found = await client.explain({ ...subject, ...asked } as ExplainRequest)
    if (args.json) printJson(found)
    else show(found)
    if (found.code !== 'valid') process.exitCode = 1
  },
})

function show({ code, key, account, checks }: KeyExplanation): void {
  printDetails([
    ['Answer', code],
    ['Key', key && `${key.name} (${key.id})`],
    ['Account', account && `${account.name} (${account.id})`],
  ])
  print('')
  tableOf<KeyExplanation['checks'][number]>([
    { title: 'check', of: ({ check }) => check },
    {
      title: 'passed',
      of: ({ passed }) => (passed === null ? '-' : passed ? 'yes' : 'no'),
      colour: ({ passed }) => (passed === false ? 'red' : null),
    },
    { title: 'why', of: ({ detail }) => detail },
    { title: 'mend', of: ({ remedy }) => remedy },
  ])(checks)
}
