// `npm run person -- reset|remove-factors EMAIL [--remote] [--env NAME]`: prints a link by which a person sets a new password, for
// whom there is neither mail nor an owner who may make one; or removes the second factors of who has lost them and the
// recovery codes. Without --remote: of the local Latchkey.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { readVersion } from './deploy/deployed.ts'
import { readOptions, readPlan } from './deploy/plan.ts'
import { createWrangler, jsonOf } from './deploy/run-wrangler.ts'
import { Refusal, readSettings } from './settings.ts'

const usage = 'Usage: npm run person -- reset|remove-factors EMAIL [--remote] [--env NAME]'
const lifetimeMinutes = 30
const now = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
const uuid =
  "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"

type Target = { environment: string | null; isRemote: boolean }
type Person = { name: string; email: string }

const commands: Record<string, (target: Target, email: string) => Promise<void>> = {
  reset,
  'remove-factors': removeFactors,
}

await main().catch((error: unknown) => {
  console.error(error instanceof Refusal ? error.message : error)
  process.exitCode = 1
})

async function main(): Promise<void> {
  const { run, email, ...target } = readArguments()
  await run(target, email)
}

async function reset(target: Target, email: string): Promise<void> {
  const token = randomBytes(32).toString('base64url')
  const id = randomUUID()
  const url = await baseUrlOf(target)
  await query(target, insertionOf(id, createHash('sha256').update(token).digest('hex'), email))
  const [person] = await query<Person & { expires_at: number }>(
    target,
    `SELECT user.name, user.email, reset_link.expires_at FROM reset_link
     JOIN user ON user.id = reset_link.user_id WHERE reset_link.id = ${text(id)}`,
  )
  if (person === undefined) throw nobody(email)
  const until = new Date(person.expires_at).toISOString()
  console.log(`${person.name} <${person.email}> sets a new password here, once, until ${until}.`)
  console.log('All their sessions end then; second factors stay.')
  console.log(`${url}/reset-password#${token}`)
}

async function removeFactors(target: Target, email: string): Promise<void> {
  const [person] = await query<Person & { has: number; signs_in: number }>(
    target,
    `SELECT name, email, ${hasFactorOf('user.id')} AS has, EXISTS (SELECT 1 FROM account
       WHERE user_id = user.id AND (password IS NOT NULL OR provider_id <> 'credential')) AS signs_in
     FROM user WHERE email = ${text(email)}`,
  )
  if (person === undefined) throw nobody(email)
  const name = `${person.name} <${person.email}>`
  if (person.has === 0) throw new Refusal(`${name} has no second factor.`)
  await query(target, removalOf(randomUUID(), email))
  console.log(`The second factors and recovery codes of ${name} are removed.`)
  console.log('All their sessions have ended.')
  if (person.signs_in === 0) {
    console.log(`They have no other way to sign in: npm run person -- reset ${person.email}`)
  }
}

function nobody(email: string): Refusal {
  return new Refusal(`Nobody has the address ${email}.`)
}

function readArguments(): Target & { run: (typeof commands)[string]; email: string } {
  const { values, positionals } = parsed()
  const [command = '', email = '', ...others] = positionals
  const run = Object.hasOwn(commands, command) ? commands[command] : undefined
  const isEmail = /^[^\s@]+@[^\s@]+$/.test(email)
  if (run === undefined || !isEmail || others.length > 0) throw new Refusal(usage)
  if (values.env !== undefined && !values.remote) {
    throw new Refusal('--env names what is deployed: add --remote.')
  }
  return {
    ...{ run, email: email.toLowerCase(), isRemote: values.remote },
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

function hasFactorOf(userId: string): string {
  return `(EXISTS (SELECT 1 FROM totp WHERE user_id = ${userId} AND secret IS NOT NULL)
    OR EXISTS (SELECT 1 FROM passkey WHERE user_id = ${userId}))`
}

/** Events, a message, and the removal. @param mailId of the message, which is written where there is a factor */
function removalOf(mailId: string, email: string): string {
  const person = `(SELECT id FROM user WHERE email = ${text(email)})`
  const had = `EXISTS (SELECT 1 FROM mail WHERE id = ${text(mailId)})`
  const nowhere = { address: null, browser: null }
  const detail = text(JSON.stringify({ factor: 'all', origin: 'operator', ...nowhere }))
  const data = `json_object('at', ${now}, 'network', NULL, 'place', NULL, 'browser', NULL,
    'change', 'factors_removed', 'name', NULL)`
  const removed = ['session', 'totp', 'passkey', 'recovery_code'].map(
    (table) => `DELETE FROM ${table} WHERE user_id = ${person} AND ${had};`,
  )
  return `
    INSERT INTO mail (id, user_id, to_address, template, data, next_attempt_at, created_at)
    SELECT ${text(mailId)}, id, email, 'factor_changed', ${data}, ${now}, ${now}
    FROM user WHERE id = ${person} AND ${hasFactorOf('user.id')};
    INSERT INTO audit_event (id, account_id, action, actor_kind, subject_id, detail, created_at)
    SELECT ${uuid}, member.organization_id, 'factor.removed', 'system', member.user_id, ${detail}, ${now}
    FROM member WHERE member.user_id = ${person} AND ${had};
    ${removed.join('\n    ')}`
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
