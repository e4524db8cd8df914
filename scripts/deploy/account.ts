// Who is logged in, and for which account this run acts.
import { Refusal } from '../settings.ts'
import { ask, isInteractive } from './ask.ts'
import { jsonOf, type RunWrangler } from './run-wrangler.ts'

type Account = { id: string; name: string }
type Login = { loggedIn: boolean; accounts?: Account[] }

/** The account to deploy to. @throws Refusal when nobody is logged in or it is not clear which */
export async function chooseAccount(
  wrangler: RunWrangler,
  wanted: string | null,
): Promise<Account> {
  const answer = await wrangler.ask('whoami', '--json')
  if (/"loggedIn":\s*false/.test(answer.stdout)) {
    throw new Refusal(
      'Nobody is logged in to Cloudflare. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN ' +
        '(docs/deploy.md says what it must be allowed), then run this again.',
    )
  }
  const { accounts = [] } = jsonOf<Login>(answer, 'who is logged in')
  const named = accounts.find(({ id }) => id === wanted)
  if (named) return named
  if (wanted !== null) return { id: wanted, name: wanted }
  const [only] = accounts
  if (only && accounts.length === 1) return only
  const list = accounts.map(({ id, name }, index) => `  ${index + 1}. ${name} (${id})`).join('\n')
  if (accounts.length === 0 || !isInteractive()) {
    throw new Refusal(`Set CLOUDFLARE_ACCOUNT_ID to the account that is meant.\n${list}`)
  }
  const chosen = accounts[Number(await ask(`${list}\nWhich account? `)) - 1]
  if (chosen) return chosen
  throw new Refusal('That is none of them.')
}
