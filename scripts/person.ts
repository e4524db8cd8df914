// `npm run person -- reset EMAIL [--remote] [--env NAME]`: prints a link by which a person sets a new password, for whom there is
// neither mail nor an owner who may make one. Without --remote: of the local Latchkey.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { readVersion } from './deploy/deployed.ts'
import { readOptions, readPlan } from './deploy/plan.ts'
import { createWrangler, jsonOf } from './deploy/run-wrangler.ts'
import { Refusal, readSettings } from './settings.ts'

const usage = 'Usage: npm run person -- reset EMAIL [--remote] [--env NAME]'
const lifetimeMinutes = 30
const now = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
const uuid =
  "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"

type Target = { environment: string | null; isRemote: boolean }
type Person = { name: string; email: string; expires_at: number }

await main().catch((error: unknown) => {
  console.error(error instanceof Refusal ? error.message : error)
  process.exitCode = 1
})

async function main(): Promise<void> {
  const { email, ...target } = readArguments()
  const token = randomBytes(32).toString('base64url')
  const id = randomUUID()
  const url = await baseUrlOf(target)
  await query(target, insertionOf(id, createHash('sha256').update(token).digest('hex'), email))
  const [person] = await query<Person>(
    target,
    `SELECT user.name, user.email, reset_link.expires_at FROM reset_link
     JOIN user ON user.id = reset_link.user_id WHERE reset_link.id = ${text(id)}`,
  )
  if (person === undefined) throw new Refusal(`Nobody has the address ${email}.`)
  const until = new Date(person.expires_at).toISOString()
  console.log(`${person.name} <${person.email}> sets a new password here, once, until ${until}.`)
  console.log('All their sessions end then; second factors stay.')
  console.log(`${url}/reset-password#${token}`)
}

function readArguments(): Target & { email: string } {
  const { values, positionals } = parsed()
  const [command, email = '', ...others] = positionals
  const isEmail = /^[^\s@]+@[^\s@]+$/.test(email)
  if (command !== 'reset' || !isEmail || others.length > 0) throw new Refusal(usage)
  if (values.env !== undefined && !values.remote) {
    throw new Refusal('--env names what is deployed: add --remote.')
  }
  return {
    ...{ email: email.toLowerCase(), isRemote: values.remote },
    environment: values.env || null,
  }
}

function parsed() {
  const options = { remote: { type: 'boolean', default: false }, env: { type: 'string' } } as const
  try {
    return parseArgs({ allowPositionals: true, options })
  } catch (error) {
    throw new Refusal(`${(error as Error).message}\n${usage}`)
  }
}

/** @throws Refusal where the address of the deployment is not known. */
async function baseUrlOf({ environment, isRemote }: Target): Promise<string> {
  if (!isRemote) return readSettings(process.env).baseUrl
  const plan = readPlan(readOptions(environment === null ? [] : ['--env', environment]))
  const { url } = await readVersion(wranglerFor(environment))
  const address = url ?? plan.url
  if (address === null) throw new Refusal('Nothing is deployed with a public BASE_URL.')
  return address
}

function wranglerFor(environment: string | null) {
  return createWrangler('npm run person', { environment })
}

/** The link, and its event in each account of the person. Nothing where nobody has the address. */
function insertionOf(id: string, digest: string, email: string): string {
  const detail = text(JSON.stringify({ origin: 'operator', address: null, browser: null }))
  return `
    INSERT INTO reset_link (id, digest, user_id, origin, expires_at, created_at)
    SELECT ${text(id)}, ${text(digest)}, id, 'operator', ${now} + ${lifetimeMinutes * 60_000}, ${now}
    FROM user WHERE email = ${text(email)};
    INSERT INTO audit_event (id, account_id, action, actor_kind, subject_id, detail, created_at)
    SELECT ${uuid}, member.organization_id, 'reset_link.created', 'system', member.user_id, ${detail}, ${now}
    FROM member JOIN reset_link ON reset_link.user_id = member.user_id WHERE reset_link.id = ${text(id)};`
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** Of the token only the digest is an argument of wrangler's. @throws Refusal */
async function query<Row>({ environment, isRemote }: Target, sql: string): Promise<Row[]> {
  const place = isRemote
    ? ['--remote']
    : ['--local', '--persist-to', readSettings(process.env).stateDir]
  const options = ['d1', 'execute', 'DB', ...place, '--yes', '--json', '--command', sql]
  const captured = await wranglerFor(environment).capture(...options)
  const what = isRemote ? 'the deployed database' : 'the local database: run `npm start` once'
  const results = jsonOf<{ results: Row[] }[]>(captured, what)
  return results.at(-1)?.results ?? []
}
