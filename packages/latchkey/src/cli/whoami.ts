// latchkey whoami: the deployment, the account, and the key or person of the credential.
import { command, connectionArgs } from './command.ts'
import { connect, connectionOf } from './connection.ts'
import { printDetails } from './table.ts'
import { printJson } from './terminal.ts'

type Me = {
  account: { id: string; name: string }
  key: { id: string; name: string; scopes: string[]; expires_at: string | null } | null
  person?: { id: string; scopes: string[] }
}

export default command({
  args: connectionArgs,
  async run(args) {
    const { credential, url, account } = connect(args)
    // A key has an account of its own, in whichever it acts.
    const inAccount = credential.kind === 'key' ? undefined : account
    const { request } = connectionOf(url, inAccount, credential)
    const { data: me } = (await request('GET', '/api/v1/me')) as { data: Me }
    const user = (await credential.api?.user()) ?? null
    const found = { url, account: me.account, acts_in: account ?? me.account.id, key: me.key }
    if (args.json) return printJson({ ...found, person: user ?? me.person ?? null })
    const who = me.key === null ? personText(user, me) : `key ${me.key.name} (${me.key.id})`
    printDetails([
      ['Deployment', url],
      ['Signed in as', who],
      ['Account', `${me.account.name} (${me.account.id})`],
      ...(found.acts_in === me.account.id ? [] : [['Acts in', found.acts_in] as const]),
      ['Scopes', (me.key ?? me.person)?.scopes.join(', ')],
      ...(me.key === null ? [] : [['Expires', me.key.expires_at ?? 'never'] as const]),
    ])
  },
})

function personText(user: { email: string; name: string } | null, { person }: Me): string {
  return user === null ? `person ${person?.id}` : `${user.name}, ${user.email}`
}
