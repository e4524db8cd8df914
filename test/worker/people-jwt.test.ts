// JWTs of people: our own, and those of a configured issuer.
import { env } from 'cloudflare:workers'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '../../src/core/role.ts'
import { personOfJwt } from '../../src/identity/jwt.ts'
import {
  joins,
  jwtOf,
  newAccount,
  origin,
  send,
  settings,
  signIn,
} from '../support/people-world.ts'

const minutes = (count: number) => new Date(Date.now() + count * 60_000)
const invalid = { kind: 'invalid_token' }

describe('our own JWT', () => {
  let jwt: string
  let accountId: string
  let userId: string
  let kid: string
  let sign: (claims: JWTPayload) => SignJWT

  beforeAll(async () => {
    const account = await newAccount('admin')
    accountId = account.id
    userId = account.people[0]?.userId ?? ''
    jwt = await jwtOf(await signIn(account.people[0]?.email ?? ''))
    // A second signing key of ours, older than the one in use, whose private key the test has.
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
    kid = crypto.randomUUID()
    await env.DB.prepare(
      `INSERT INTO jwks (id, public_key, private_key, alg, created_at) VALUES (?, ?, '', 'EdDSA', 1)`,
    )
      .bind(kid, JSON.stringify(await exportJWK(publicKey)))
      .run()
    sign = (claims) => {
      const token = new SignJWT({ sub: userId, account: accountId, iss: origin, ...claims })
      token.setProtectedHeader({ alg: 'EdDSA', kid })
      const signing = token.sign.bind(token)
      token.sign = () => signing(privateKey)
      return token
    }
  })

  const make = (claims: JWTPayload = {}) =>
    sign({ aud: 'management', exp: minutes(5).getTime() / 1000, ...claims }).sign(new Uint8Array())

  it('names the person, with the role they have now', async () => {
    const person = { kind: 'person', userId, accountId, role: 'admin' }
    const provedAt = expect.any(Number)
    expect(await personOfJwt(jwt, settings)).toMatchObject({ ...person, provedAt })
    const older = await make({ role: 'owner' })
    expect(await personOfJwt(older, settings)).toMatchObject({ ...person, provedAt: null })
  })

  it('lasts fifteen minutes', async () => {
    expect(await personOfJwt(jwt, settings, minutes(14))).toMatchObject({ kind: 'person' })
    expect(await personOfJwt(jwt, settings, minutes(15))).toMatchObject(invalid)
  })

  it('can be verified against the public /api/auth/jwks, which contains no private key', async () => {
    const { keys } = await (await send('/api/auth/jwks')).json<{ keys: object[] }>()
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) expect(key).not.toHaveProperty('d')
  })

  it('is refused with another audience or issuer, without expiry, or from the future', async () => {
    const later = minutes(5).getTime() / 1000
    for (const claims of [
      { aud: 'api' },
      { iss: 'https://evil.example' },
      { exp: undefined },
      { exp: 1 },
      { nbf: later },
      { sub: undefined },
      { account: undefined },
      { account: [accountId] },
    ] as JWTPayload[])
      expect([claims, await personOfJwt(await make(claims), settings)]).toMatchObject([
        claims,
        invalid,
      ])
  })

  it('is refused unsigned, signed by a shared secret, or with a signature that is not its own', async () => {
    const { keys } = await (await send('/api/auth/jwks')).json<{ keys: { x: string }[] }>()
    const claims = { sub: userId, account: accountId, aud: 'management', iss: origin }
    const none = new UnsecuredJWT(claims).setExpirationTime('5m').encode()
    const hs256 = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid })
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode(keys[0]?.x.padEnd(32)))
    const [header, payload, signature = ''] = (await make()).split('.')
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    const foreign = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
    const otherSigner = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .setExpirationTime('5m')
      .sign(foreign.privateKey)
    for (const token of [
      none,
      hs256,
      otherSigner,
      `${header}.${payload}.${flipped}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
    ])
      expect(await personOfJwt(token, settings)).toMatchObject(invalid)
  })

  it('is refused when it is garbage', async () => {
    for (const token of ['', 'a.b.c', '..', '{}.{}.{}', 'e30.e30.e30', 'é.é.é', 'x'.repeat(9_000)])
      expect(await personOfJwt(token, settings)).toMatchObject(invalid)
  })

  it('ends with its session, in every account, and with no other', async () => {
    const account = await newAccount('admin')
    const { userId: id = '', email = '' } = account.people[0] ?? {}
    const other = await newAccount('owner')
    await joins(id, other.id, 'member')
    const [ended, kept] = [await signIn(email), await signIn(email)]
    const [token, another] = [await jwtOf(ended), await jwtOf(kept)]
    const namedOther = { ...settings, named: other.id }
    expect(await personOfJwt(token, namedOther)).toMatchObject({ kind: 'person' })
    await send('/api/auth/sign-out', { cookie: ended, body: {} })
    for (const at of [settings, namedOther]) {
      expect(await personOfJwt(token, at)).toEqual(invalid)
      expect(await personOfJwt(another, at)).toMatchObject({ kind: 'person' })
    }
    await env.DB.prepare('UPDATE session SET expires_at = ? WHERE user_id = ?')
      .bind(Date.now() - 1, id)
      .run()
    expect(await personOfJwt(another, settings)).toEqual(invalid)
  })

  it('is of a session of its own person, which is whole', async () => {
    const account = await newAccount('owner', 'member')
    const [owner, member] = account.people
    const session = await env.DB.prepare('SELECT id FROM session WHERE user_id = ?')
    await signIn(member?.email ?? '')
    const sid = await session.bind(member?.userId).first<string>('id')
    const forged = await make({ sub: owner?.userId ?? '', account: account.id, sid })
    expect(await personOfJwt(forged, settings)).toEqual(invalid)
    const own = await make({ sub: member?.userId ?? '', account: account.id, sid })
    expect(await personOfJwt(own, settings)).toMatchObject({ kind: 'person', role: 'member' })
    await env.DB.prepare('UPDATE session SET awaits_factor = 1 WHERE id = ?').bind(sid).run()
    expect(await personOfJwt(own, settings)).toEqual(invalid)
  })

  it('grants nothing in an account that the person does not belong to', async () => {
    const other = await newAccount('owner')
    expect(await personOfJwt(await make({ account: other.id }), settings)).toEqual({
      kind: 'no_account',
    })
  })
})

describe('a JWT of another issuer', () => {
  const issuer = 'https://login.example.com/'
  const audience = 'latchkey'
  const keyPair = generateKeyPair('RS256')
  let fetched = 0
  const prove = (userId: string, isProved: number) =>
    env.DB.prepare('UPDATE user SET email_verified = ? WHERE id = ?').bind(isProved, userId).run()
  const provedAccount = async (role: Role) => {
    const account = await newAccount(role)
    for (const { userId } of account.people) await prove(userId, 1)
    return account
  }

  const external = (answer?: typeof fetch) => ({
    ...settings,
    externalIssuer: {
      issuer,
      audience,
      jwksUrl: `https://login.example.com/${crypto.randomUUID()}`,
    },
    fetch:
      answer ??
      (async () => {
        fetched++
        const key = { ...(await exportJWK((await keyPair).publicKey)), kid: 'one', alg: 'RS256' }
        return Response.json({ keys: [key] })
      }),
  })

  const person = (email: string | undefined) =>
    ({ sub: 'auth0|1', email: email ?? '', email_verified: true }) as const

  const make = async (claims: JWTPayload, kid = 'one') =>
    new SignJWT({ iss: issuer, aud: audience, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid })
      .setExpirationTime('5m')
      .sign((await keyPair).privateKey)

  it('names our user by an address that is proved there and here, and never by an id', async () => {
    const { id, people } = await provedAccount('admin')
    const { userId = '', email = '' } = people[0] ?? {}
    const ours = { kind: 'person', userId, accountId: id, role: 'admin', provedAt: null }
    const verified = person(email.toUpperCase())
    expect(await personOfJwt(await make(verified), external())).toMatchObject(ours)
    await prove(userId, 0)
    expect(await personOfJwt(await make(verified), external())).toEqual({ kind: 'no_account' })
    await prove(userId, 1)
    for (const sub of [userId, 'auth0|2'])
      expect(await personOfJwt(await make({ sub }), external())).toEqual({ kind: 'no_account' })
    for (const email_verified of [false, 'true', undefined]) {
      const claims = { ...verified, email_verified } as JWTPayload
      expect(await personOfJwt(await make(claims), external())).toEqual({ kind: 'no_account' })
    }
  })

  it('says by auth_time when the person was proved, and nothing by anything else', async () => {
    const { people } = await provedAccount('admin')
    const proved = async (auth_time: unknown) =>
      personOfJwt(
        await make({ ...person(people[0]?.email), auth_time, iat: 1_700_000_001 } as JWTPayload),
        external(),
      )
    expect(await proved(1_700_000_000)).toMatchObject({ provedAt: 1_700_000_000_000 })
    for (const other of [undefined, null, '1700000000', [1_700_000_000], true]) {
      expect(await proved(other)).toMatchObject({ kind: 'person', provedAt: null })
    }
  })

  it('must name one of several accounts, and only one that the person belongs to', async () => {
    const [first, second, third] = [
      await provedAccount('admin'),
      await provedAccount('owner'),
      await provedAccount('owner'),
    ]
    const { userId = '', email = '' } = first.people[0] ?? {}
    await joins(userId, second.id, 'member')
    const inAccount = async (account?: string) =>
      personOfJwt(await make({ ...person(email), ...(account && { account }) }), external())
    expect(await inAccount(first.id)).toMatchObject({ accountId: first.id, role: 'admin' })
    expect(await inAccount(second.id)).toMatchObject({ accountId: second.id, role: 'member' })
    expect(await inAccount(third.id)).toEqual({ kind: 'no_account' })
    expect(await inAccount()).toEqual({ kind: 'no_account' })
  })

  it('is refused for another audience or issuer, under an unknown key, or without configuration', async () => {
    const { people } = await provedAccount('admin')
    const known = person(people[0]?.email)
    const good = await make(known)
    expect(await personOfJwt(good, external())).toMatchObject({ kind: 'person' })
    expect(await personOfJwt(good, settings)).toMatchObject(invalid)
    for (const token of [
      await make({ ...known, aud: 'management' }),
      await make({ ...known, iss: 'https://evil.example' }),
      // Signed by the other issuer, claiming to be ours.
      await make({ ...known, iss: origin, aud: 'management' }),
      await make(known, 'two'),
    ])
      expect(await personOfJwt(token, external())).toMatchObject(invalid)
  })

  it('fetches the keys once, not for each token', async () => {
    const { people } = await provedAccount('admin')
    const settings = external()
    const token = await make(person(people[0]?.email))
    fetched = 0
    for (let times = 0; times < 3; times++) await personOfJwt(token, settings)
    expect(fetched).toBe(1)
  })

  it('is unknown, rather than refused, while the keys cannot be fetched', async () => {
    const token = await make(person('ada@example.test'))
    const failures: (typeof fetch)[] = [
      async () => Promise.reject(new TypeError('network down')),
      async () => new Response('busy', { status: 503 }),
      async () => new Response('<html>'),
      async () => Response.json({ nothing: true }),
    ]
    for (const failure of failures)
      expect(await personOfJwt(token, external(failure))).toMatchObject({ kind: 'unavailable' })
  })
})
