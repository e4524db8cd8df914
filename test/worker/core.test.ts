// The pure layer: tokens, scopes, verdicts and records.
import { describe, expect, it } from 'vitest'
import { alphabets, type Format, keyPrefix, parseToken } from '../../src/core/format.ts'
import { type KeyRecord, readRecord, writeRecord } from '../../src/core/record.ts'
import { strongestRole } from '../../src/core/role.ts'
import { missingNeeds } from '../../src/core/scope-matcher.ts'
import { powersOfKey, powersOfRole } from '../../src/core/scopes.ts'
import { digestOf, importTagKeys, isGenuine, mintToken, tagOf } from '../../src/core/token.ts'
import { type AccessRequest, decide, isExpired, needsOf } from '../../src/core/verdict.ts'
import fc from '../support/fc.ts'
import config from '../support/latchkey.config.ts'

const { formats } = config
const format = (name: string) => formats[name] as Format
const formatNames = fc.constantFrom(...Object.keys(formats))
const randomBytes = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes)
const secrets = fc
  .string({ minLength: 1 })
  .filter((secret) => secret.trim() !== '' && !secret.includes(','))

/** Returns these bytes in this order, repeatedly. */
function random(source: number[]) {
  let at = 0
  return (bytes: Uint8Array<ArrayBuffer>) => bytes.map(() => source[at++ % source.length] as number)
}

describe('a minted token', () => {
  it('has the shape of its format, parses as that format and is genuine, for any random bytes and secret', async () => {
    await fc.assert(
      fc.asyncProperty(
        formatNames,
        secrets,
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        async (name, secret, bytes) => {
          const keys = await importTagKeys(secret)
          // The last byte is never rejected, so that minting ends.
          const token = await mintToken(format(name), keys, random([...bytes, 7]))
          const shaped = parseToken(token, formats)
          expect(shaped?.formatName).toBe(name)
          expect(shaped && (await isGenuine(shaped, keys))).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  it.each(Object.keys(formats))(
    'of format %s is not genuine once any single letter changes',
    async (name) => {
      const keys = await importTagKeys('a secret')
      const { prefix, alphabet } = format(name)
      const token = await mintToken(format(name), keys, randomBytes)
      for (let at = prefix.length; at < token.length; at++) {
        for (const letter of alphabets[alphabet]) {
          if (letter === token[at]) continue
          const shaped = parseToken(token.slice(0, at) + letter + token.slice(at + 1), formats)
          expect(shaped, `${at} ${letter}`).not.toBeNull()
          expect(shaped && (await isGenuine(shaped, keys)), `${at} ${letter}`).toBe(false)
        }
      }
    },
  )

  it('is genuine exactly as long as its secret is listed, at any position', async () => {
    const before = await importTagKeys('old')
    const shaped = parseToken(await mintToken(format('whm'), before, randomBytes), formats)
    if (shaped === null) throw new Error('a minted token has a shape')
    expect(await isGenuine(shaped, await importTagKeys('new,old'))).toBe(true)
    expect(await isGenuine(shaped, await importTagKeys('newest,new,old'))).toBe(true)
    expect(await isGenuine(shaped, await importTagKeys('newest,new'))).toBe(false)
  })

  it('is tagged under the newest secret', async () => {
    const token = await mintToken(format('whm'), await importTagKeys('new,old'), randomBytes)
    const shaped = parseToken(token, formats)
    expect(shaped && (await isGenuine(shaped, await importTagKeys('new')))).toBe(true)
    expect(shaped && (await isGenuine(shaped, await importTagKeys('old')))).toBe(false)
  })

  it('requires a secret', async () => {
    for (const none of ['', ',', ',,'])
      await expect(importTagKeys(none)).rejects.toThrow('TAG_SECRETS')
    await expect(mintToken(format('whm'), [], randomBytes)).rejects.toThrow('secret')
  })

  it('of one format is not genuine as another format under the same secret', async () => {
    const keys = await importTagKeys('a secret')
    const token = await mintToken(format('wacrm_live'), keys, randomBytes)
    expect(parseToken(token.replace('wacrm_live_', 'whm_'), formats)).toBeNull()
  })
})

describe('the random part', () => {
  it('rejects the bytes that would favour some letters', async () => {
    const keys = await importTagKeys('a secret')
    // 62 × 4 = 248: bytes from 248 on must not become letters.
    const token = await mintToken(
      format('wacrm_live'),
      keys,
      random([255, 248, 250, 61, 247, 0, 62]),
    )
    const letters = token.slice('wacrm_live_'.length, -6)
    expect(letters).toBe('zz00'.repeat(9).slice(0, 33))
  })

  it('is uniformly distributed over the letters', async () => {
    const keys = await importTagKeys('a secret')
    const everyByte = random(Array.from({ length: 256 }, (_, byte) => byte))
    const seen = new Map<string, number>()
    // 62 tokens of 33 letters are 2,046: each letter falls 33 times.
    for (let made = 0; made < 62; made++) {
      const token = await mintToken(format('wacrm_live'), keys, everyByte)
      for (const letter of token.slice('wacrm_live_'.length, -6)) {
        seen.set(letter, (seen.get(letter) ?? 0) + 1)
      }
    }
    expect(seen.size).toBe(62)
    for (const count of seen.values()) expect(Math.abs(count - 33)).toBeLessThanOrEqual(4)
  })
})

describe('the tag', () => {
  // RFC 4231: the cases whose message is text (4.4 and 4.5 are bytes; 4.6 is truncated).
  const bytes = (value: number, count: number) => new Uint8Array(count).fill(value)
  const text = (value: string) => Uint8Array.from(new TextEncoder().encode(value))
  const long = 'Test Using Larger Than Block-Size Key - Hash Key First'
  const vectors: [string, Uint8Array<ArrayBuffer>, string, string][] = [
    [
      '4.2',
      bytes(0x0b, 20),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      '4.3',
      text('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      '4.7',
      bytes(0xaa, 131),
      long,
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      '4.8',
      bytes(0xaa, 131),
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
  ]
  it.each(vectors)('is HMAC-SHA256 as in RFC 4231, case %s', async (_, secret, message, mac) => {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign'])
    const whole: Format = { prefix: 'x_', alphabet: 'hex', length: 96, tagLength: 64 }
    expect(await tagOf(message, whole, key)).toBe(mac)
    expect(await tagOf(message, { ...whole, tagLength: 8 }, key)).toBe(mac.slice(0, 8))
  })

  it('uses the secret as it is written in TAG_SECRETS', async () => {
    const [key] = await importTagKeys('Jefe')
    if (key === undefined) throw new Error('one secret, one key')
    expect(await tagOf('what do ya want for nothing?', format('whm'), key)).toBe('5bdcc146')
  })
})

describe('the digest', () => {
  // FIPS 180-4 and the NIST example values for SHA-256.
  const vectors = [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ] as const
  it.each(vectors)('of %.20s equals the value that NIST published', async (message, digest) => {
    expect(await digestOf(message)).toBe(digest)
  })
})

describe('parsing', () => {
  const whm = `whm_${'0'.repeat(32)}`
  const nasty = [
    '',
    'whm',
    'whm_',
    `whm_${'0'.repeat(31)}`,
    `whm_${'0'.repeat(33)}`,
    `whm_${'G'.repeat(32)}`,
    `whm_${'A'.repeat(32)}`,
    `WHM_${'0'.repeat(32)}`,
    ` ${whm}`,
    `${whm} `,
    `${whm}\n`,
    `\n${whm}`,
    `whm_${'0'.repeat(31)}\n`,
    `whm_${'0'.repeat(31)}é`,
    `whm_${'０'.repeat(32)}`,
    `sk_live_${'0'.repeat(32)}`,
    'wacrm_live_',
    `wacrm_live_${'0'.repeat(32)}`,
    `wacrm_live_${'0'.repeat(38)}-`,
    `wacrm_${'0'.repeat(39)}`,
    `wacrm_live_whm_${'0'.repeat(35)}`,
    'constructor',
    '__proto__',
    'null',
    'undefined',
  ]
  it.each(nasty)('finds no token in %j', (text) => {
    expect(parseToken(text, formats)).toBeNull()
  })

  it('finds no token in arbitrary text, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => parseToken(text, formats) === null),
    )
  })

  it('uses the first eight letters after the prefix as the key prefix', () => {
    expect(keyPrefix('whm_a1b2c3d4e5f60718293a4b5c6d7e8f90', format('whm'))).toBe('a1b2c3d4')
  })
})

const record: KeyRecord = {
  asOf: 5,
  id: crypto.randomUUID(),
  name: 'A key',
  accountId: crypto.randomUUID(),
  accountName: 'Acme Inc',
  createdBy: null,
  externalId: null,
  metadata: null,
  format: 'whm',
  createdAt: 1,
  scopes: ['contacts:read'],
  role: null,
  expiresAt: null,
  revoked: false,
  disabled: false,
  suspended: false,
  allowedIps: null,
  limits: null,
}
const question: AccessRequest = { ...needsOf(), ip: null }
const verdictOf = (changes: Partial<KeyRecord>, required: Partial<typeof question> = {}, now = 0) =>
  decide({ ...record, ...changes }, { ...question, ...required }, now, config).code

describe('a verdict', () => {
  it('names the first reason in the order of the contract', () => {
    const required = { scopes: ['contacts:read'], environments: ['live'] }
    // Each of these is mended in turn, and the next one is named.
    const wrong = {
      revoked_api_key: { revoked: true },
      disabled_api_key: { disabled: true },
      expired_api_key: { expiresAt: 1 },
      account_suspended: { suspended: true },
      wrong_environment: { format: 'wacrm_test' },
      ip_not_allowed: { allowedIps: ['192.0.2.1'] },
      insufficient_scope: { scopes: [] },
    }
    const codes = Object.keys(wrong)
    for (let mended = 0; mended <= codes.length; mended++) {
      const left: Partial<KeyRecord> = Object.assign({}, ...Object.values(wrong).slice(mended))
      expect(verdictOf(left, required, 2)).toBe(codes[mended] ?? 'valid')
    }
  })

  it('refuses every key of a suspended account, whatever it needs', () => {
    for (const scopes of [null, [], ['contacts:read']]) {
      expect(verdictOf({ suspended: true, scopes })).toBe('account_suspended')
    }
  })

  it('is valid one millisecond before expiry and expired at that millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8_640_000_000_000_000 }), (expiresAt) => {
        expect(verdictOf({ expiresAt }, {}, expiresAt - 1)).toBe('valid')
        expect(verdictOf({ expiresAt }, {}, expiresAt)).toBe('expired_api_key')
        expect(verdictOf({ expiresAt }, {}, expiresAt + 1)).toBe('expired_api_key')
      }),
    )
    expect(isExpired({ expiresAt: null }, Number.MAX_SAFE_INTEGER)).toBe(false)
  })

  it('requires every requested scope and names those that are missing', () => {
    const required = { ...question, scopes: ['messages:send', 'contacts:read', 'webhooks:manage'] }
    expect(decide(record, required, 0, config)).toMatchObject({
      code: 'insufficient_scope',
      missing: ['messages:send', 'webhooks:manage'],
    })
  })

  it('refuses an unknown address when addresses are listed', () => {
    expect(verdictOf({ allowedIps: ['0.0.0.0/0', '::/0'] })).toBe('ip_not_allowed')
    expect(verdictOf({ allowedIps: [] })).toBe('ip_not_allowed')
  })
})

describe('powers', () => {
  const seven = Object.keys(config.scopes).filter((scope) => !/^(keys|platform):/.test(scope))

  it('of a key without its own scopes are those of its creator, except the reserved scopes', () => {
    const of = (role: KeyRecord['role']) => powersOfKey({ scopes: null, role }, config)
    expect(of('owner')).toEqual({ scopes: seven, resources: [], fullAccess: true })
    expect(of('admin')).toEqual({ scopes: seven, resources: [], fullAccess: true })
    expect(of('member').fullAccess).toBe(false)
    expect(of('member').scopes).toEqual(['contacts:read', 'messages:read', 'conversations:read'])
    expect(of(null)).toEqual({ scopes: [], resources: [], fullAccess: false })
  })

  it('of a key with scopes never grow with its creator’s role', () => {
    fc.assert(
      fc.property(
        fc.subarray(seven),
        fc.constantFrom('owner', 'admin', 'member', null),
        (scopes, role) => {
          expect(powersOfKey({ scopes, role }, config)).toEqual({
            ...{ scopes, resources: [] },
            fullAccess: false,
          })
        },
      ),
    )
  })

  it('end with the scope in the configuration', () => {
    const key = { scopes: ['contacts:read', 'gone:read', 'toString'], role: null }
    expect(powersOfKey(key, config).scopes).toEqual(['contacts:read'])
    expect(powersOfRole('owner', config).scopes).not.toContain('keys:manage')
  })

  it('lack exactly the scopes that are required and not granted', () => {
    fc.assert(
      fc.property(fc.subarray(seven), fc.subarray(seven), (needed, held) => {
        const missing = missingNeeds(needed, { scopes: held, resources: [] }, config.scopes)
        for (const scope of needed) expect(missing.includes(scope)).toBe(!held.includes(scope))
      }),
    )
  })

  it('follow the strongest of several roles and ignore unknown roles', () => {
    expect(strongestRole('member, admin')).toBe('admin')
    expect(strongestRole('admin,owner,member')).toBe('owner')
    for (const none of [null, '', 'Owner', 'superadmin', 'owner2'])
      expect(strongestRole(none)).toBeNull()
  })
})

describe('a record', () => {
  it('survives serialization unchanged', () => {
    const text = fc.string({ unit: 'grapheme' })
    const windows = fc.array(fc.record({ name: text, limit: fc.nat(), windowSeconds: fc.nat() }))
    const credits = fc.option(
      fc.record({ remaining: fc.nat(), since: fc.nat(), refill: fc.constant(null) }),
    )
    const records = fc.record<KeyRecord>({
      asOf: fc.nat(),
      id: fc.uuid(),
      name: text,
      accountId: fc.uuid(),
      accountName: text,
      createdBy: fc.option(fc.uuid()),
      externalId: fc.option(text),
      // -0 is no number of JSON.
      metadata: fc
        .option(fc.dictionary(text, fc.jsonValue(), { noNullPrototype: true }))
        .map((value) => JSON.parse(JSON.stringify(value))),
      format: text,
      createdAt: fc.nat(),
      scopes: fc.option(fc.array(text)),
      role: fc.constantFrom('owner', 'admin', 'member', null),
      expiresAt: fc.option(fc.nat()),
      revoked: fc.boolean(),
      disabled: fc.boolean(),
      suspended: fc.boolean(),
      allowedIps: fc.option(fc.array(text)),
      limits: fc.option(fc.record({ meter: text, terms: fc.record({ windows, credits }) })),
    })
    fc.assert(
      fc.property(records, fc.nat(), (written, at) => {
        expect(readRecord(JSON.parse(writeRecord(written, at)))).toEqual(written)
      }),
    )
  })

  it.each([
    null,
    undefined,
    1,
    'text',
    [],
    {},
    { v: 1 },
    { v: 0, record },
    // Records without an external id, and without suspension.
    { v: 3, record },
    { v: 5, record },
    { v: 999, record },
    { v: '1', record },
  ])('is not found in %j', (value) => {
    expect(readRecord(value)).toBeNull()
  })

  it.each([
    ['is null', null],
    ['is empty', {}],
    ['has text for asOf', { ...record, asOf: '5' }],
    ['has null for asOf', { ...record, asOf: null }],
    ...Object.keys(record).map((field): [string, object] => {
      const { [field]: _, ...rest } = record as Record<string, unknown>
      return [`lacks ${field}`, rest]
    }),
  ])('of the present version is not found where it %s', (_, broken) => {
    const whole = JSON.parse(writeRecord(record, 1))
    expect(readRecord(whole)).toEqual(record)
    expect(readRecord({ ...whole, record: broken })).toBeNull()
  })
})
