// latchkey accounts create NAME
import { command, connectionArgs } from '../command.ts'
import { connect } from '../connection.ts'
import { secretOutput } from '../secret-output.ts'
import { printJson, say } from '../terminal.ts'
import { printAccount } from './columns.ts'

export default command({
  args: {
    name: { type: 'positional', required: true, description: 'The name of the account' },
    'owner-email': { type: 'string', description: 'Invite this person as its owner' },
    'link-file': {
      type: 'string',
      valueHint: 'path',
      description:
        'Write the link of the invitation into this new file (0600), and print it nowhere',
    },
    ...connectionArgs,
  },
  async run(args) {
    const email = args['owner-email']
    const { accounts } = connect(args).client
    // Who has the link can become the owner. Where there is mail there is none.
    const output =
      email === undefined ? null : secretOutput('invitation link', 'link-file', args['link-file'])
    const body = { name: args.name, ...(email !== undefined && { owner_email: email }) }
    const made = await accounts.create(body).catch((error: unknown) => {
      output?.abandon()
      throw error
    })
    const { invitation, ...account } = made
    const url = invitation?.url ?? null
    const { url: _, ...invited } = invitation ?? { url }
    if (args.json) {
      const link = output?.isShown === true && url !== null ? { url } : {}
      printJson({ ...account, invitation: invitation && { ...invited, ...link } })
    } else printAccount(made)
    if (output === null) return
    if (url === null) {
      output.abandon()
      return say('The invitation is in the mail.')
    }
    if (args.json && output.isShown) return
    say('The link of the invitation is shown this once:')
    output.give(url)
  },
})
