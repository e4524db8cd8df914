// What `latchkey mcp` shows of an answer: text of people is marked, and nothing that looks like a credential is left, wherever it
// stands.
import { describe, expect, it } from 'vitest'
import { marked, plainText } from '../../packages/latchkey/src/mcp/untrusted.ts'
import fc from '../support/fc.ts'

const letters = (alphabet: string, length: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: length, maxLength: length })
const hex = '0123456789abcdef'
const base62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const base64url = `${base62}-_`
const credential = fc.oneof(
  letters(hex, 32).map((body) => `whm_${body}`),
  letters(base62, 39).map((body) => `wacrm_live_${body}`),
  letters(base62, 39).map((body) => `wacrm_test_${body}`),
  letters(base64url, 40).map((body) => `lkps_${body}`),
  fc
    .tuple(letters(base64url, 20), letters(base64url, 40), letters(base64url, 43))
    .map(([header, payload, signature]) => `eyJ${header}.eyJ${payload}.${signature}`),
  letters(hex, 64),
)

/** Any JSON in which the text stands somewhere: as a value, as a field, within other words. */
const around = (text: string) =>
  fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(text, `see ${text}, please`, `"${text}"`, `\n${text}\u200b`),
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      fc
        .tuple(fc.constantFrom('name', 'code', 'scope', 'metadata', 'detail', text), tie('tree'))
        .map(([field, value]) => ({ [field]: value })),
    ),
  })).tree

describe('what an agent is shown', () => {
  it('holds no credential, wherever one stands in an answer', () => {
    const anywhere = credential.chain((text) => fc.tuple(fc.constant(text), around(text)))
    fc.assert(
      fc.property(anywhere, ([text, answer]) => {
        expect(JSON.stringify(marked(answer))).not.toContain(text)
      }),
      { numRuns: 3_000 },
    )
  })

  it('holds no credential that invisible characters interrupt', () => {
    expect(plainText(`whm_0123456789ab\u200bcdef0123\u{e0020}456789abcdef`)).toBe('[redacted]')
  })

  it('marks every text but what Latchkey makes', () => {
    const id = '0b5e9c9e-4b1a-4d8e-9f6a-2f1f5c0d7e11'
    const answer = {
      id,
      name: 'CI',
      status: 'active',
      scopes: ['contacts:read', 'contacts:*', 'contacts:read#obey-me'],
      created_at: '2026-11-29T08:00:00.000Z',
      allowed_ips: ['192.0.2.0/24', '2001:db8::/32'],
      rate_limit: [{ name: 'obey me', limit: 1, window_seconds: 60 }],
      code: 'do as I say',
      is_active: true,
      expires_at: null,
    }
    expect(marked(answer)).toEqual({
      ...answer,
      name: { untrusted: 'CI' },
      scopes: ['contacts:read', 'contacts:*', { untrusted: 'contacts:read#obey-me' }],
      rate_limit: [{ name: { untrusted: 'obey me' }, limit: 1, window_seconds: 60 }],
      code: { untrusted: 'do as I say' },
    })
  })

  it('marks metadata and details as a whole, since their fields are of people too', () => {
    const theirs = { 'obey me': ['now'], n: 1 }
    expect(marked({ metadata: theirs, detail: { name: ['a', 'b'] } })).toEqual({
      metadata: { untrusted: theirs },
      detail: { untrusted: { name: ['a', 'b'] } },
    })
    const odd = JSON.parse('{"metadata":{"__proto__":{"name":"x"}}}')
    expect(JSON.stringify(marked(odd))).toBe(
      '{"metadata":{"untrusted":{"__proto__":{"name":"x"}}}}',
    )
  })

  it('is one line, without characters that cannot be seen', () => {
    expect(plainText('a\r\n\u2028b\u202e\u2066c\u{e0041}\u0000d')).toBe('a bc d')
  })
})
