// What is measured, and what each row is compared with.
import type { Shot } from './load.ts'
import type { MadeKey, Tenant } from './tenant.ts'

export type Group =
  | 'limit'
  | 'step'
  | 'refusal step'
  | 'verify step'
  | 'binding step'
  | 'gateway step'
  | 'verification'
  | 'guard'
  | 'peer'

export type Row = {
  /** Unique; `against` names another. */
  name: string
  group: Group
  /** The row to compare with: the upper bound, or the peer's row for the same work. */
  against?: string
  socket: string
  path: string
  shots: Shot[]
  /** The status of every answer: checked before the load and counted during it. */
  status: number
  /** Text that every answer contains. */
  contains: string
}

const json = { 'content-type': 'application/json' }
/** Too many for a cache of a few tokens. */
const manyShots = 500

/** @param makeMany keys like one; without it, the rows of `--full` alone are left out. */
export async function planRows(
  tenant: Tenant,
  peers: Record<string, string>,
  makeMany?: (like: MadeKey) => Promise<string[]>,
): Promise<Row[]> {
  const one = await tenant.makeKey({ name: 'Bench' })
  const { token } = one
  const caller = await tenant.makeKey({ name: 'A service', scopes: ['keys:verify'] })
  const limited = await tenant.makeKey(limits).catch(() => null)
  const fast = await tenant.makeKey(fastLimits).catch(() => null)
  const hot = withKey(token)
  const verifications = (tokens: string[]) =>
    tokens.map((each) => ({
      method: 'POST' as const,
      headers: { ...json, 'x-api-key': caller.token },
      body: JSON.stringify({ token: each, scopes: ['contacts:read'] }),
    }))
  const own = (row: Omit<Row, 'group' | 'socket'> & { socket?: string }): Row => ({
    group: 'verification',
    socket: 'latchkey',
    ...row,
  })
  const me = { path: '/api/v1/me', shots: [hot], status: 200, contains: '"account"' }
  const verify = { path: '/api/v1/keys/verify', status: 200, against: barePost }
  const refused = { path: '/api/v1/me', status: 401, contains: 'invalid_api_key', against: bareGet }
  return [
    ...limitRows(token, hot),
    ...(makeMany === undefined ? [] : stepRows(hot, verifications([token]))),
    own({
      name: 'verify: in memory, view running',
      ...verify,
      shots: verifications([token]),
      contains: '"valid":true',
    }),
    own({ name: 'me: in memory, view running', ...me, against: bareGet }),
    ...(makeMany === undefined
      ? []
      : [
          own({
            name: 'me: in memory, 10,000 keys in random order',
            ...me,
            socket: countedSocket,
            shots: (await makeMany(one)).map(withKey),
            against: bareGet,
          }),
        ]),
    own({
      name: 'me: in memory, view over',
      ...me,
      socket: 'latchkey/ViewOver',
      against: oneObject,
    }),
    own({
      name: 'me: first use in an isolate',
      ...me,
      socket: 'latchkey/FirstUse',
      against: stores,
    }),
    own({ name: 'me: KV empty', ...me, socket: 'latchkey/CacheEmpty', against: stores }),
    own({
      name: 'verify: forged token',
      ...verify,
      shots: verifications(forgeries(token)),
      contains: '"valid":false',
    }),
    own({ name: 'me: forged token', ...refused, shots: forgeries(token).map(withKey) }),
    own({ name: 'me: malformed token', ...refused, shots: malformed(token).map(withKey) }),
    ...(limited === null || fast === null
      ? []
      : [
          own({
            name: 'me: limited key',
            ...me,
            shots: [withKey(limited.token)],
            against: oneObject,
          }),
          own({
            name: 'me: limited key, fast',
            ...me,
            shots: [withKey(fast.token)],
            against: bareGet,
          }),
        ]),
    ...guardRows(hot, limited === null ? null : withKey(limited.token)),
    ...peerRows(peers),
  ]
}

/** Tells at `/counts` how often it called a fence. */
export const countedSocket = 'latchkey/Counted'

const bareGet = 'bare Hono GET'
const barePost = 'bare Hono POST, JSON parsed'
const stores = 'bare Hono, one KV read, then one Durable Object call'
const oneObject = 'bare Hono, one Durable Object call'
const echo = 'bare Hono, a service binding that echoes'
const proxy = 'bare Hono, passing on to an API'

const limits = {
  name: 'Limited',
  scopes: ['contacts:read'],
  rate_limit: { limit: 1_000_000, window_seconds: 1 },
}
const fastLimits = { ...limits, rate_limit: { ...limits.rate_limit, mode: 'fast' } }

function limitRows(token: string, hot: Shot): Row[] {
  const bare = { group: 'limit', status: 200, contains: '"account"', shots: [hot] } as const
  const body = JSON.stringify({ token, scopes: ['contacts:read'] })
  const post: Shot = { method: 'POST', headers: { ...json, 'x-api-key': token }, body }
  return [
    { ...bare, shots: [hot], name: bareGet, socket: 'bare', path: '/me' },
    { ...bare, shots: [post], name: barePost, socket: 'bare', path: '/verify' },
    { ...bare, shots: [hot], name: oneObject, socket: 'bare', path: '/object' },
    { ...bare, shots: [hot], name: stores, socket: 'bare', path: '/stores' },
    { ...bare, shots: [hot], name: echo, socket: 'guarded', path: '/echo/verify' },
    {
      ...bare,
      shots: [hot],
      name: proxy,
      socket: 'bare',
      path: '/api/contacts',
      contains: '"data"',
    },
  ]
}

function stepRows(get: Shot, posts: Shot[]): Row[] {
  const one = { socket: 'bare/Steps', shots: [get], status: 200, contains: '"account"' }
  const ofGet = { ...one, against: bareGet }
  const ofPost = { ...one, shots: posts, against: barePost, contains: '"valid":true' }
  return [
    ...inSteps(
      { ...ofGet, group: 'step' },
      {
        '/entrypoint': 'an entrypoint as a class, which RPC needs',
        '/middleware': '+ one asynchronous middleware',
        '/read': '+ four headers read',
        '/digest': '+ SHA-256 by Web Crypto',
        '/written': '+ five headers written',
      },
    ),
    ...inSteps(
      { ...ofGet, group: 'refusal step' },
      { '/tag': 'all of these, + HMAC-SHA-256 by Web Crypto, the tag' },
    ),
    ...inSteps(
      { ...ofGet, group: 'refusal step', status: 401, contains: '"code"' },
      { '/refused': '+ a problem and its challenge as the answer' },
    ),
    ...inSteps(
      { ...one, group: 'binding step', against: echo, socket: 'guarded' },
      {
        '/echo/digested': '+ SHA-256 by Web Crypto, in the other Worker',
        '/echo/told': '+ an answer that tells all of a key',
      },
    ),
    ...inSteps(
      { ...one, group: 'gateway step', against: proxy, contains: '"data"' },
      {
        '/request/x': 'a request without the credential, with who calls',
        '/in-time/x': '+ a timeout, and an end when the client is gone',
        '/answer/x': '+ an answer with other headers',
      },
    ),
    ...inSteps(
      { ...ofPost, group: 'verify step' },
      {
        '/parsed': 'a class, a middleware, seven headers read, the body as bytes and JSON',
        '/digests': '+ SHA-256 by Web Crypto of both keys',
        '/answered': '+ five headers written to the verdict',
        '/tagged': '+ HMAC-SHA-256 by Web Crypto, the tag of the second key',
      },
    ),
  ]
}

/** @param names by path; each does all that those before it do. */
function inSteps(common: Omit<Row, 'name' | 'path'>, names: Record<string, string>): Row[] {
  return Object.entries(names).map(([path, name]) => ({ ...common, name, path }))
}

function guardRows(hot: Shot, limited: Shot | null): Row[] {
  const guard = { group: 'guard' as const, shots: [hot], status: 200, contains: '"success"' }
  const subrequest: Shot = {
    method: 'GET',
    headers: { ...hot.headers, 'x-original-method': 'GET', 'x-original-uri': '/api/contacts' },
  }
  const forwardAuth = { shots: [subrequest], contains: '', path: '/forward-auth/nginx/crm' }
  const gateway = { ...guard, socket: 'latchkey/Gateway', path: '/api/contacts', against: proxy }
  return [
    { ...gateway, name: 'gateway' },
    ...(limited === null ? [] : [{ ...gateway, shots: [limited], name: 'gateway: limited key' }]),
    { ...guard, name: 'forward auth', socket: 'latchkey', ...forwardAuth, against: bareGet },
    {
      ...guard,
      shots: [hot],
      name: 'latchkey/hono over a binding',
      socket: 'guarded',
      path: '/middleware',
      against: echo,
    },
    {
      ...guard,
      shots: [hot],
      name: 'RPC over a binding',
      socket: 'guarded',
      path: '/rpc',
      against: echo,
    },
  ]
}

/** @param peers the key of each, by its socket. */
function peerRows({ 'by-hand': byHand, ...peers }: Record<string, string>): Row[] {
  const names: Record<string, string> = {
    'better-auth-d1': 'Better Auth, D1',
    'better-auth-kv': 'Better Auth, D1 + KV',
    'better-auth-d1-deferred': 'Better Auth, D1, writes deferred',
  }
  const hand = {
    name: 'written by hand: SHA-256, KV, D1',
    group: 'peer' as const,
    socket: 'by-hand',
    path: '/me',
    status: 200,
    contains: '"account"',
    against: bareGet,
  }
  const betterAuth = Object.entries(peers).map(
    ([socket, key]): Row => ({
      name: names[socket] ?? socket,
      group: 'peer',
      socket,
      path: '/verify',
      shots: [{ method: 'POST', headers: json, body: JSON.stringify({ token: key }) }],
      status: 200,
      contains: '"valid":true',
      against: barePost,
    }),
  )
  return byHand === undefined ? betterAuth : [{ ...hand, shots: [withKey(byHand)] }, ...betterAuth]
}

function withKey(token: string): Shot {
  return { method: 'GET', headers: { 'x-api-key': token } }
}

/** Tokens of the right format that were not issued: random part and tag are invented. */
function forgeries(token: string): string[] {
  const prefix = token.slice(0, token.indexOf('_') + 1)
  return Array.from({ length: manyShots }, (_, at) => {
    const hex = crypto.randomUUID().replaceAll('-', '')
    return prefix + hex.slice(0, 28) + at.toString(16).padStart(4, '0')
  })
}

function malformed(token: string): string[] {
  return [token.slice(0, -1), `${token}0`, 'sk_live_0123456789abcdef', 'whm_', token.toUpperCase()]
}
