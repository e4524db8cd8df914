// What a client without a good credential can send to a route: nothing, or forgeries of every kind of credential.
import { env } from 'cloudflare:workers'
import { maxBodyBytes } from '../../../src/http/routing/body.ts'
import type { EveryRoute, Sent } from './routes.ts'

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
const forgedKey = `whm_${'0'.repeat(32)}`

/** The secrets of bodies, with values of the right form that are wrong. */
const wrong: Record<string, string> = {
  password: 'a wild guess',
  currentPassword: 'a wild guess',
  invitationId: '00000000-0000-4000-8000-000000000000',
  setup_token: 'a wild guess',
  token: forgedKey,
  code: '000000',
  recovery_code: '0000-0000-0000-0000',
  signature: 'AAAA',
}

/** The sample with wrong secrets, and SETUP_TOKEN among them. */
export function withWrongSecrets({ path, headers, body, ...sent }: Sent): Sent {
  const isJson = typeof body === 'string' && body.startsWith('{')
  const changed = isJson
    ? JSON.stringify(JSON.parse(body), (name, value) => wrong[name] ?? value)
    : body
  const isOperator = headers.authorization === `Bearer ${env.SETUP_TOKEN}`
  return {
    ...sent,
    headers: { ...headers, ...(isOperator && { authorization: 'Bearer a-wild-guess' }) },
    // The id of an invitation is a secret too.
    path: path.startsWith('/api/invitations/')
      ? path.replace(uuid, () => crypto.randomUUID())
      : path,
    ...(changed !== undefined && { body: changed }),
  }
}

const credentials = ['authorization', 'cookie', 'x-api-key']

function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  const all = Object.entries(headers)
  return Object.fromEntries(all.filter(([name]) => !credentials.includes(name.toLowerCase())))
}

const part = (value: object) =>
  new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: 'base64url' })

/** A JWT of our issuer with a made-up signature. */
export function forgedJwt(kid: string): string {
  const header = part({ alg: 'EdDSA', kid })
  const exp = Math.floor(Date.now() / 1000) + 600
  const claims = { iss: env.BASE_URL, aud: 'management', sub: crypto.randomUUID(), exp }
  return `${header}.${part({ ...claims, account: crypto.randomUUID() })}.${'A'.repeat(86)}`
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const longHeader = 8_000

/** By kind: the headers that it adds; `knownKid` is the id of a key that signs JWTs of ours. */
const forgeries: Record<string, (knownKid: string) => Record<string, string>> = {
  nothing: () => ({}),
  'a malformed key': () => ({ 'x-api-key': 'nonsense' }),
  'a key with a forged tag': () => bearer(forgedKey),
  'a forged portal session': () => bearer(`lkps_${'A'.repeat(49)}`),
  'a JWT with an unknown kid': () => bearer(forgedJwt(crypto.randomUUID())),
  'a JWT with a bad signature': (knownKid) => bearer(forgedJwt(knownKid)),
  'a forged session': () => ({
    cookie: `better-auth.session_token=${'t'.repeat(32)}.${encodeURIComponent(`${'A'.repeat(43)}=`)}`,
  }),
  'forged Basic': () => ({ authorization: `Basic ${btoa(`client:${forgedKey}`)}` }),
  'long headers': () => ({
    ...bearer(`${'x'.repeat(longHeader)}.${'y'.repeat(longHeader)}.z`),
    cookie: `better-auth.session_token=${'t'.repeat(longHeader)}`,
  }),
}

export const anonymousKinds = [...Object.keys(forgeries), 'the largest body']

/** A request of this kind to the route of the sample. */
export function anonymousRequest(
  kind: string,
  { method }: EveryRoute,
  sample: Sent,
  { ip, knownKid }: { ip: string; knownKid: string },
): Sent {
  const plain = withWrongSecrets(sample)
  const headers = {
    ...withoutCredentials(plain.headers),
    ...{ 'cf-connecting-ip': ip, origin: env.BASE_URL },
    ...forgeries[kind]?.(knownKid),
  }
  if (kind !== 'the largest body' || method === 'GET') return { ...plain, headers }
  const text = typeof plain.body === 'string' ? plain.body : '{}'
  return {
    ...plain,
    headers: { 'content-type': 'application/json', ...headers },
    body: text.padEnd(maxBodyBytes, ' '),
  }
}
