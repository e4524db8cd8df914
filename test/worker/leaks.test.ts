// GitHub reports tokens that it found in public: authentication, revocation and response. The
// test signs as GitHub does, with a key pair of its own.
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { derToP1363 } from '../../src/core/signature.ts'
import { makeKey, openAccount, outcome } from '../support/account.ts'
import { betterAuthToken, createForeignTestApp, unkeyToken } from '../support/foreign.ts'
import { newSigner, publicView, type Signer, signed } from '../support/github.ts'
import { down } from '../support/outage.ts'
import { resume, suspend } from '../support/suspension.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const path = '/api/leaks/github'
const app = await createTestApp()
const acme = await openAccount()
const me = (key: string, at = app) => outcome(at.request('GET', '/api/v1/me', { key }))

const github = await newSigner()
let published: Signer[] = [github]
let fetches: Request[] = []
let answerKeys = () => Response.json({ public_keys: published.map(publicView) })

beforeEach(() => {
  published = [github]
  fetches = []
  answerKeys = () => Response.json({ public_keys: published.map(publicView) })
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    fetches.push(new Request(input as RequestInfo, init as RequestInit))
    return answerKeys()
  })
})
afterEach(() => vi.restoreAllMocks())

type Match = { token: string; type?: string; url?: string | null; source?: string }

async function report(matches: Match[] | string, signer = github, at: TestApp = app) {
  const body =
    typeof matches === 'string'
      ? matches
      : JSON.stringify(matches.map((match) => ({ type: 'latchkey_api_key', url: '', ...match })))
  return at.request('POST', path, { body, headers: await signed(signer, body) })
}

const url = 'https://github.com/octocat/hello/blob/main/config.ts'

describe('a token that GitHub found', () => {
  it('is revoked with the keys that it was rotated to with its own token', async () => {
    const scopes = ['keys:manage']
    const first = await makeKey(app, acme.owner.jwt, { scopes, may_grant: {} })
    const rotate = async (as: string, id: string) =>
      (await app.request('POST', `/api/api-keys/${id}/rotate`, { as, body: {} })).body.data
    const second = await rotate(first.key, first.id)
    const third = await rotate(acme.owner.jwt, second.id)
    expect((await report([{ token: first.key, url }])).status).toBe(200)
    expect(await me(second.key)).toBe('401 revoked_api_key')
    expect(await me(third.key)).toBe('200')
  })

  it('is revoked in its own account before the response, and the audit event records where it was found', async () => {
    const { id, key } = await makeKey(app, acme.owner.jwt)
    expect(await me(key)).toBe('200')
    const answer = await report([{ token: key, url, source: 'commit' }])
    expect([answer.status, answer.body]).toEqual([
      200,
      [{ token_hash: await sha256(key), token_type: 'latchkey_api_key', label: 'true_positive' }],
    ])
    expect(await me(key)).toBe('401 revoked_api_key')
    const seen = await app.request('GET', `/api/api-keys/${id}`, { as: acme.owner.jwt })
    expect(seen.body.data).toMatchObject({ status: 'revoked', revoked_by: null })
    expect(await trailOf(id)).toEqual([
      {
        action: 'key.revoked',
        actor: { kind: 'system', id: null, name: null },
        detail: { reason: 'leaked', url, source: 'commit' },
        request_id: answer.headers.get('x-request-id'),
      },
    ])
  })

  it('is answered before a lease expires', async () => {
    const { key } = await makeKey(app, acme.owner.jwt)
    const slept = vi.spyOn(app.clock, 'sleep')
    slept.mockImplementation(() => new Promise(() => {}))
    const context = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} }
    const body = JSON.stringify([{ token: key, type: 't', url }])
    const request = new Request(`${env.BASE_URL}${path}`, {
      method: 'POST',
      body,
      headers: await signed(github, body),
    })
    const response = await app.handler.fetch(request, app.bindings, context as never)
    expect(response.status).toBe(200)
  })

  it('is revoked also when its key is disabled or expired, since either can be undone', async () => {
    const disabled = await makeKey(app, acme.owner.jwt)
    const off = { as: acme.owner.jwt, body: { is_active: false } }
    await app.request('PATCH', `/api/api-keys/${disabled.id}`, off)
    const expires_at = new Date(app.clock.now() + 1_000).toISOString()
    const expired = await makeKey(app, acme.owner.jwt, { expires_at })
    app.clock.skip(2_000)
    const answer = await report([{ token: disabled.key }, { token: expired.key }])
    expect(labels(answer.body)).toEqual(['true_positive', 'true_positive'])
    expect([await me(disabled.key), await me(expired.key)]).toEqual([
      '401 revoked_api_key',
      '401 revoked_api_key',
    ])
  })

  it('is revoked in a suspended account, which may be resumed', async () => {
    const { id, owner } = await openAccount('Late Ltd')
    const { key } = await makeKey(app, owner.jwt)
    await suspend(app, id)
    expect(labels((await report([{ token: key }])).body)).toEqual(['true_positive'])
    await resume(app, id)
    expect(await me(key)).toBe('401 revoked_api_key')
  })

  it('is labelled in the order of the report, with unknown tokens as false positives', async () => {
    const other = await openAccount('Globex')
    const one = await makeKey(app, acme.owner.jwt)
    const two = await makeKey(app, other.owner.jwt)
    const bystander = await makeKey(app, acme.owner.jwt)
    const matches = [
      { token: 'whm_0123456789abcdef0123456789abcdef' },
      { token: two.key, url: null },
      { token: '' },
      { token: one.key },
      { token: 'é'.repeat(1000) },
      { token: one.key, url, source: 'content' },
    ]
    const answer = await report(matches as Match[])
    expect(labels(answer.body)).toEqual([
      'false_positive',
      'true_positive',
      'false_positive',
      'true_positive',
      'false_positive',
      'true_positive',
    ])
    const outcomes = [await me(one.key), await me(two.key), await me(bystander.key)]
    expect(outcomes).toEqual(['401 revoked_api_key', '401 revoked_api_key', '200'])
  })

  it('may be reported again: it is still a true positive, and is revoked once', async () => {
    const { id, key } = await makeKey(app, acme.owner.jwt)
    for (let time = 0; time < 3; time++) {
      expect(labels((await report([{ token: key }])).body)).toEqual(['true_positive'])
    }
    expect(await trailOf(id)).toHaveLength(1)
  })

  it('is revoked when another system created it', async () => {
    const foreign = await createForeignTestApp()
    const made = [await unkeyToken(), await betterAuthToken()]
    const keys = made.map(({ digest, format }) => ({ digest, format, name: 'Moved', scopes: [] }))
    await foreign.request('POST', '/api/api-keys/import', { as: acme.owner.jwt, body: { keys } })
    const answer = await report(
      made.map(({ token }) => ({ token })),
      github,
      foreign,
    )
    expect(labels(answer.body)).toEqual(['true_positive', 'true_positive'])
    for (const { token } of made) expect(await me(token, foreign)).toBe('401 revoked_api_key')
  })

  it('causes no store access when this deployment never minted it', async () => {
    const watch = watchBindings()
    const watched = await createTestApp({ bindings: watch.bindings })
    const forged = Array.from({ length: 1_000 }, (_, at) => ({
      token: `whm_${at.toString(16).padStart(32, '0')}`,
    }))
    const answer = await report(forged, github, watched)
    expect(new Set(labels(answer.body))).toEqual(new Set(['false_positive']))
    expect(watch.counts()).toEqual({})
  })

  it('appears in no log, audit detail or response, even if the reported path contains it', async () => {
    const lines: unknown[] = []
    for (const level of ['info', 'warn', 'error'] as const) {
      vi.spyOn(console, level).mockImplementation((...line) => void lines.push(line))
    }
    const { id, key } = await makeKey(app, acme.owner.jwt)
    const answers = [
      await report([{ token: key, url: `https://github.com/o/r/blob/main/${key}.txt` }]),
      await report(`{"token":"${key}"`),
      await report(JSON.stringify([{ token: [key], type: key }])),
      await report([{ token: key }], github, await createTestApp({ bindings: down(['DB']) })),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 503])
    expect(JSON.stringify([lines, answers.map(({ text }) => text)])).not.toContain(key)
    const [event] = await trailOf(id)
    expect(event.detail.url).toBe('https://github.com/o/r/blob/main/[redacted].txt')
  })
})

describe('the signature of a report', () => {
  it('is required: any change of body, signature or key is a 403', async () => {
    const { key } = await makeKey(app, acme.owner.jwt)
    const body = JSON.stringify([{ token: key, type: 't', url: '' }])
    const good = await signed(github, body)
    const otherSigner = await newSigner()
    const attempts: [string, Record<string, string>][] = [
      [body, {}],
      [body, { ...good, 'Github-Public-Key-Signature': '' }],
      [body, { ...good, 'Github-Public-Key-Signature': 'not base64!' }],
      [body, { 'Github-Public-Key-Signature': good['Github-Public-Key-Signature'] ?? '' }],
      [body, await signed(otherSigner, body)],
      [body, { ...(await signed(otherSigner, body)), 'Github-Public-Key-Identifier': github.id }],
      [`${body} `, good],
      [body.replace('"url":""', '"url": ""'), good],
      [body, { authorization: `Bearer ${acme.owner.jwt}` }],
    ]
    for (const [sent, headers] of attempts) {
      expect(await outcome(app.request('POST', path, { body: sent, headers }))).toBe(
        '403 forbidden',
      )
    }
    expect(await me(key)).toBe('200')
    expect(await outcome(app.request('POST', path, { body, headers: good }))).toBe('200')
  })

  it('is checked before anything is read, whatever else is wrong', async () => {
    const big = JSON.stringify([{ token: 'x'.repeat(1_100_000), type: 't', url: '' }])
    expect(await outcome(report(big))).toBe('413 payload_too_large')
    for (const body of ['', '{}', 'null', '[{}]', '[{"token":1,"type":"t","url":""}]']) {
      expect(await outcome(report(body))).toBe('400 invalid_request')
    }
    expect(await outcome(app.request('GET', path))).toBe('405 method_not_allowed')
  })

  it('does not revoke while the database is being restored', async () => {
    const stopped = await createTestApp({ bindings: { CHANGES: 'stopped' as never } })
    const { key } = await makeKey(app, acme.owner.jwt)
    expect(await outcome(report([{ token: key }], github, stopped))).toBe(
      '503 authority_unavailable',
    )
  })

  it("verifies for GitHub's own published example", async () => {
    const key =
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUqkCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA=='
    const id = '90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a'
    const pem = `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----`
    published = [{ ...github, id, pem }]
    const body =
      '[{"type":"github_oauth_token","token":"cb4985f91f740272c0234202299f43808034d7f5","url":" https://github.com/github/faketestrepo/blob/b0dd59c0b500650cacd4551ca5989a6194001b10/production.env"}]'
    const headers = {
      'Github-Public-Key-Identifier': id,
      'Github-Public-Key-Signature':
        'MEQCIAfgjgz6Ou/3DXMYZBervz1TKCHFsvwMcbuJhNZse622AiAG86/cku2XdcmFWNHl2WSJi2fkE8t+auvB24eURaOd2A==',
    }
    const fresh = await createTestApp()
    const answer = await fresh.request('POST', path, { body, headers })
    expect(labels(answer.body)).toEqual(['false_positive'])
  })
})

describe("GitHub's public keys", () => {
  it('are fetched once, with a User-Agent, from the configured URL', async () => {
    const fresh = await createTestApp({
      bindings: {
        GITHUB_KEYS_URL: 'https://keys.example.test/scanning',
        GITHUB_TOKEN: 'pat',
      } as object,
    })
    for (let time = 0; time < 3; time++) await report([], github, fresh)
    expect(fetches.map((request) => request.url)).toEqual(['https://keys.example.test/scanning'])
    expect(fetches[0]?.headers.get('user-agent')).toBe('latchkey')
    expect(fetches[0]?.headers.get('authorization')).toBe('Bearer pat')
  })

  it('are fetched again for an unknown key id, at most once a minute', async () => {
    const fresh = await createTestApp()
    expect(await outcome(report([], github, fresh))).toBe('200')
    const next = await newSigner()
    for (let time = 0; time < 20; time++) {
      expect(await outcome(report([], next, fresh))).toBe('403 forbidden')
    }
    published = [github, next]
    fresh.clock.skip(60_001)
    expect(await outcome(report([], next, fresh))).toBe('200')
    expect(fetches).toHaveLength(2)
  })

  it('are cached for a day at most, so that a withdrawn key stops being trusted', async () => {
    const fresh = await createTestApp()
    expect(await outcome(report([], github, fresh))).toBe('200')
    published = [await newSigner()]
    fresh.clock.skip(24 * 60 * 60 * 1000 + 1)
    expect(await outcome(report([], github, fresh))).toBe('403 forbidden')
  })

  it('that cannot be fetched cause a 503 rather than a refusal, so that GitHub retries', async () => {
    const failures = [
      () => new Response('slow down', { status: 403 }),
      () => new Response('<html>'),
      () => Response.json({ public_keys: [{ key_identifier: github.id, key: 'no key' }] }),
      (): Response => {
        throw new TypeError('network')
      },
    ]
    for (const failure of failures) {
      const fresh = await createTestApp()
      answerKeys = failure
      vi.spyOn(console, 'error').mockImplementation(() => {})
      expect(await outcome(report([], github, fresh))).toBe('503 authority_unavailable')
      answerKeys = () => Response.json({ public_keys: [publicView(github)] })
      fresh.clock.skip(5_000)
      expect(await outcome(report([], github, fresh))).toBe('200')
    }
  })

  it('stay valid while GitHub is down', async () => {
    const fresh = await createTestApp()
    expect(await outcome(report([], github, fresh))).toBe('200')
    answerKeys = () => new Response(null, { status: 500 })
    vi.spyOn(console, 'error').mockImplementation(() => {})
    fresh.clock.skip(25 * 60 * 60 * 1000)
    expect(await outcome(report([], github, fresh))).toBe('200')
    expect(await outcome(report([], await newSigner(), fresh))).toBe('503 authority_unavailable')
  })
})

describe('a signature in DER', () => {
  const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(' ', ''))
  const full = (first: string) => first + '11'.repeat(31)

  it('is parsed with short integers, long integers and a leading zero', () => {
    const cases: [string, string][] = [
      [`3044 0220${full('7f')} 0220${full('01')}`, full('7f') + full('01')],
      [`3046 022100${full('ff')} 022100${full('80')}`, full('ff') + full('80')],
      [`3006 020101 020102`, '01'.padStart(64, '0') + '02'.padStart(64, '0')],
      [`3007 02020080 020102`, '80'.padStart(64, '0') + '02'.padStart(64, '0')],
    ]
    for (const [der, plain] of cases) expect(derToP1363(bytes(der))?.toHex()).toBe(plain)
  })

  it.each([
    ['nothing', ''],
    ['no sequence', '3106 020101 020102'],
    ['a wrong length', '3007 020101 020102'],
    ['bytes after it', '3006 020101 020102 00'],
    ['one number', '3003 020101'],
    ['three numbers', '3009 020101 020102 020103'],
    ['a number of another type', '3006 030101 020102'],
    ['an empty number', '3005 0200 020102'],
    ['a negative number', '3006 020180 020102'],
    ['a zero too many', '3007 02020001 020102'],
    ['a number that ends outside', '3006 020101 020202'],
    ['33 bytes', `3026 0221${'01'.repeat(33)} 020102`],
    ['a long form of length', '308106 020101 020102'],
  ])('is refused with %s', (_, der) => {
    expect(derToP1363(bytes(der))).toBeNull()
  })
})

function labels(body: { label: string }[]): string[] {
  return body.map(({ label }) => label)
}

async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex()
}

/** The audit events of a key's revocation. */
async function trailOf(id: string) {
  const path = `/api/audit-events?action=key.revoked&key_id=${id}`
  const { body } = await app.request('GET', path, { as: acme.owner.jwt })
  return body.data.map(({ action, actor, detail, request_id }: Record<string, unknown>) => ({
    action,
    actor,
    detail,
    request_id,
  }))
}
