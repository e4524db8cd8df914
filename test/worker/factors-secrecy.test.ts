// The secrets of second factors are shown once, to their person: afterwards they are in no table, no log line and no answer.
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { newAuthenticator } from '../support/authenticator.ts'
import {
  codeOf,
  complete,
  cookiesOf,
  enrolOverHttp,
  enrolPasskey,
  newPerson,
  optionsFor,
  signIn,
  signInByPasskey,
} from '../support/factors.ts'
import { down } from '../support/outage.ts'
import { cookieOf, fromOwnPage } from '../support/permission-matrix.ts'
import { type Answer, createAccount, createTestApp } from '../support/test-app.ts'

const lines: string[] = []
const inFull = (value: unknown): string =>
  value instanceof Error
    ? `${value.stack} ${inFull(value.cause ?? '')}`
    : typeof value === 'string'
      ? value
      : JSON.stringify(value)
beforeEach(() => {
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) {
    vi.spyOn(console, method).mockImplementation(
      (...args) => void lines.push(args.map(inFull).join(' ')),
    )
  }
})
afterEach(() => vi.restoreAllMocks())

async function wholeD1(): Promise<string> {
  const tables = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'`,
  ).all<{ name: string }>()
  const rows = await Promise.all(
    tables.results.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`).all()),
  )
  return JSON.stringify(rows.map(({ results }) => results))
}

/** A secret in base32, and its bytes in the ways in which they might be written. */
function writtenAs(base32: string): string[] {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...base32].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0'))
  const bytes = Uint8Array.from(bits.join('').match(/.{8}/g) ?? [], (byte) =>
    Number.parseInt(byte, 2),
  )
  return [base32, bytes.toHex(), bytes.toBase64(), bytes.toBase64({ alphabet: 'base64url' })]
}

it('neither the secret of an app nor recovery codes, challenges or answers of passkeys leave a trace', async () => {
  const bindings = {
    SIGN_IN_PER_MINUTE: '100000',
    LOG_SAMPLE: '1',
    DEV_MAIL: 'yes',
  } as unknown as Partial<Env>
  const app = await createTestApp({ bindings })
  const accountId = await createAccount('Acme Inc')
  const person = await newPerson(accountId)
  const cookie = await cookieOf(person, accountId)
  const later: Answer[] = []
  const note = async (answer: Promise<Answer>) => {
    later.push(await answer)
    return answer
  }
  const send = (method: string, path: string, body?: object, by = cookie) =>
    note(
      app.request(method, path, { headers: { cookie: by, ...fromOwnPage }, ...(body && { body }) }),
    )

  const { secret, codes } = await enrolOverHttp(app, cookie)
  const begun = await app.request('POST', '/api/auth/factors/totp', {
    headers: { cookie, ...fromOwnPage },
  })
  const pending = begun.body.data.secret as string
  const half = cookiesOf(await note(signIn(app, person)))
  await note(complete(app, half, { code: '000000' }))
  await note(complete(app, half, { recovery_code: codes[0] }))
  await note(complete(app, cookiesOf(await signIn(app, person)), { code: codeOf(secret, 1) }))
  const authenticator = await newAuthenticator()
  await note(enrolPasskey(app, cookie, authenticator))
  const { challenge } = await optionsFor(app, null, '/sign-in/passkey')
  const passkey = await authenticator.get({ challenge, rpId: 'localhost' })
  await send('POST', '/api/auth/sign-in/passkey', { passkey })
  await note(signInByPasskey(app, authenticator, { isUnverified: true }))
  for (const path of [
    '/api/auth/factors',
    '/api/sessions',
    '/api/audit-events',
    '/api/account/export',
  ]) {
    await send('GET', path)
  }
  const broken = await createTestApp({ bindings: { ...app.bindings, ...down(['DB'], 'throws') } })
  await note(complete(broken, half, { code: codeOf(secret) }))

  const d1 = await wholeD1()
  const answers = later
    .map(({ text, headers }) => `${JSON.stringify([...headers])} ${text}`)
    .join('\n')
  const log = lines.join('\n')
  // Each place was read.
  expect(d1).toContain(person.id)
  expect(answers).toContain('factor.enrolled')
  expect(log).toContain('/api/auth/factor')
  const { clientDataJSON, signature } = passkey.response
  const secrets = [
    ...[secret, pending].flatMap(writtenAs),
    ...codes.flatMap((code) => [code, code.replaceAll('-', '')]),
    ...[challenge, clientDataJSON, signature],
  ]
  for (const [where, text] of Object.entries({ d1, answers, log })) {
    for (const each of secrets) expect(text.includes(each), `${each} in ${where}`).toBe(false)
  }
})
