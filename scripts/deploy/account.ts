// The Cloudflare login, and the account that this run deploys to.
import { Refusal } from '../settings.ts'
import { isInteractive, prompt } from './prompt.ts'
import { jsonOf, type RunWrangler } from './run-wrangler.ts'

type Account = { id: string; name: string }
type Login = { loggedIn: boolean; accounts?: Account[] }

/** The account to deploy to. @throws Refusal without a login, or if several accounts are possible */
export async function chooseAccount(
  wrangler: RunWrangler,
  wanted: string | null,
): Promise<Account> {
  const login = await wrangler.capture('whoami', '--json')
  if (/"loggedIn":\s*false/.test(login.stdout)) {
    throw new Refusal(
      'Not logged in to Cloudflare. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN ' +
        '(docs/deploy.md lists the permissions it needs), then run this again.',
    )
  }
  const { accounts = [] } = jsonOf<Login>(login, 'the login')
  const named = accounts.find(({ id }) => id === wanted)
  if (named) return named
  if (wanted !== null) return { id: wanted, name: wanted }
  const [only] = accounts
  if (only && accounts.length === 1) return only
  const list = accounts.map(({ id, name }, index) => `  ${index + 1}. ${name} (${id})`).join('\n')
  if (accounts.length === 0 || !isInteractive()) {
    throw new Refusal(`Set CLOUDFLARE_ACCOUNT_ID to the account to deploy to.\n${list}`)
  }
  const chosen = accounts[Number(await prompt(`${list}\nWhich account? `)) - 1]
  if (chosen) return chosen
  throw new Refusal('Not a number of the list.')
}
