// JWTs of people: our own, and those of a configured issuer.
import { env } from 'cloudflare:workers'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
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

  const make = async (claims: JWTPayload, kid = 'one') =>
    new SignJWT({ iss: issuer, aud: audience, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid })
      .setExpirationTime('5m')
      .sign((await keyPair).privateKey)

  it('names our user by id, or by an address that the issuer has verified', async () => {
    const { id, people } = await newAccount('admin')
    const { userId = '', email = '' } = people[0] ?? {}
    const person = { kind: 'person', userId, accountId: id, role: 'admin', provedAt: null }
    expect(await personOfJwt(await make({ sub: userId }), external())).toMatchObject(person)
    const verified = { sub: 'auth0|1', email: email.toUpperCase(), email_verified: true }
    expect(await personOfJwt(await make(verified), external())).toMatchObject(person)
    for (const email_verified of [false, 'true', undefined]) {
      const claims = { ...verified, email_verified } as JWTPayload
      expect(await personOfJwt(await make(claims), external())).toEqual({ kind: 'no_account' })
    }
    expect(await personOfJwt(await make({ sub: 'auth0|2' }), external())).toEqual({
      kind: 'no_account',
    })
  })

  it('says by auth_time when the person was proved, and nothing by anything else', async () => {
    const { people } = await newAccount('admin')
    const sub = people[0]?.userId ?? ''
    const proved = async (auth_time: unknown) =>
      personOfJwt(await make({ sub, auth_time, iat: 1_700_000_001 } as JWTPayload), external())
    expect(await proved(1_700_000_000)).toMatchObject({ provedAt: 1_700_000_000_000 })
    for (const other of [undefined, null, '1700000000', [1_700_000_000], true]) {
      expect(await proved(other)).toMatchObject({ kind: 'person', provedAt: null })
    }
  })

  it('must name one of several accounts, and only one that the person belongs to', async () => {
    const [first, second, third] = [
      await newAccount('admin'),
      await newAccount('owner'),
      await newAccount('owner'),
    ]
    const sub = first.people[0]?.userId ?? ''
    await joins(sub, second.id, 'member')
    const inAccount = async (account?: string) =>
      personOfJwt(await make({ sub, ...(account && { account }) }), external())
    expect(await inAccount(first.id)).toMatchObject({ accountId: first.id, role: 'admin' })
    expect(await inAccount(second.id)).toMatchObject({ accountId: second.id, role: 'member' })
    expect(await inAccount(third.id)).toEqual({ kind: 'no_account' })
    expect(await inAccount()).toEqual({ kind: 'no_account' })
  })

  it('is refused for another audience or issuer, under an unknown key, or without configuration', async () => {
    const { people } = await newAccount('admin')
    const sub = people[0]?.userId ?? ''
    const good = await make({ sub })
    expect(await personOfJwt(good, external())).toMatchObject({ kind: 'person' })
    expect(await personOfJwt(good, settings)).toMatchObject(invalid)
    for (const token of [
      await make({ sub, aud: 'management' }),
      await make({ sub, iss: 'https://evil.example' }),
      // Signed by the other issuer, claiming to be ours.
      await make({ sub, iss: origin, aud: 'management' }),
      await make({ sub }, 'two'),
    ])
      expect(await personOfJwt(token, external())).toMatchObject(invalid)
  })

  it('fetches the keys once, not for each token', async () => {
    const { people } = await newAccount('admin')
    const settings = external()
    const token = await make({ sub: people[0]?.userId ?? '' })
    fetched = 0
    for (let times = 0; times < 3; times++) await personOfJwt(token, settings)
    expect(fetched).toBe(1)
  })

  it('is unknown, rather than refused, while the keys cannot be fetched', async () => {
    const token = await make({ sub: crypto.randomUUID() })
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
