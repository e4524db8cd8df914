// Paths, addresses and cursors: text from outside that must have one reading.
import { describe, expect, it } from 'vitest'
import { isAllowedAddress, readAddressOrBlock } from '../../src/core/address.ts'
import { readPath } from '../../src/core/path.ts'
import { createPolicy } from '../../src/core/policy.ts'
import { pageOf, readCursor, writeCursor } from '../../src/http/routing/paging.ts'
import fc from '../support/fc.ts'
import config from '../support/latchkey.config.ts'

describe('a policy', () => {
  const policy = createPolicy(config.policies.crm ?? { routes: [] }, config.scopes)
  const id = crypto.randomUUID()

  it.each([
    ['GET', '/api/contacts', 'contacts:read'],
    ['HEAD', '/api/contacts', 'contacts:read'],
    ['GET', `/api/v1/contacts/${id}`, `contacts:read#${id}`],
    ['GET', '/api/contacts/a@b', 'contacts:read'],
    ['PATCH', `/api/contacts/${id}`, 'contacts:write'],
    ['GET', '/api/contact%73', 'contacts:read'],
    ['GET', '/%61pi/v1/%63ontacts', 'contacts:read'],
    ['DELETE', `/api/webhooks/${id}`, 'webhooks:manage'],
  ])('%s %s needs %s', (method, path, scope) => {
    expect(policy(method, path)).toMatchObject({ kind: 'scope', anyOf: [scope] })
  })

  it.each([
    ['DELETE', '/api/contacts'],
    ['OPTIONS', '/api/contacts'],
    ['get', '/api/contacts'],
    ['GET', '/api/Contacts'],
    ['GET', '/api/contacts/'],
    ['GET', `/api/contacts/${id}/`],
    ['GET', '/api/contacts/a/b'],
    ['GET', '/api/v2/contacts'],
    ['GET', '/'],
    ['GET', '/api/contacts%20'],
    ['HEAD', '/api/broadcasts'],
    ['GET', '/api/contacts/{id}/x'],
  ])('%s %s is on no list', (method, path) => {
    expect(policy(method, path)).toEqual({ kind: 'unlisted' })
  })

  it.each([
    '/api//contacts',
    '/api/contacts/..',
    '/api/./contacts',
    '/api/x/../contacts',
    '/api/contacts/%2e%2e',
    '/api/contacts/.%2E',
    '/api/contacts/%2f',
    '/api/contacts%2Fid',
    '/api/contacts/a%5cb',
    '/api/contacts/a\\b',
    '/api/contacts/%00',
    '/api/contacts/a%0ab',
    '/api/contacts/%7f',
    '/api/contacts;a=b',
    '/api/contacts/x;y',
    '/api/contacts%3bx',
    '/api/contacts/%252e%252e',
    '/api/contacts/100%25',
    '/api/contacts/%zz',
    '/api/contacts/%ff',
    '/api/contacts/%',
    '/api/contacts/%c0%ae',
    'api/contacts',
    '',
    '*',
  ])('%j has more than one reading', (path) => {
    expect(policy('GET', path)).toEqual({ kind: 'unsafe' })
  })

  it('reads a path that any number of servers decode alike', () => {
    const segment = fc
      .stringMatching(/^[\w .~!$&'()*+,=:@é漢-]{1,20}$/)
      .filter((text) => !/^\.+$/.test(text))
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        expect(readPath(`/${segments.map(encodeURIComponent).join('/')}`)).toEqual(segments)
      }),
    )
  })
})

describe('a list of addresses', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1', true],
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['192.0.2.0/24', '::ffff:c000:201', true],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', 'not an address', false],
    ['192.0.2.1', '', false],
  ])('of %s holds %s: %s', (entry, ip, held) => {
    expect(isAllowedAddress(ip, [entry])).toBe(held)
    expect(isAllowedAddress(ip, ['198.51.100.1', entry])).toBe(held)
  })

  it.each([
    '192.0.2.1',
    '192.0.2.0/24',
    '0.0.0.0/0',
    '2001:db8::',
    '2001:db8::/32',
    '::1',
    '::ffff:192.0.2.1',
  ])('may name %s', (entry) => expect(readAddressOrBlock(entry)).toHaveProperty('block'))

  it.each([
    '',
    '127.1',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '2130706433',
    '256.0.0.1',
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/',
    '127.1/8',
    '192.0.2.0/24/8',
    '192.0.2.0/2 4',
    ' 192.0.2.1',
    'example.com',
    '*',
    '2001:db8::/129',
    '2001:db8:::1',
    '192.0.2.0/24.5',
    '192.0.2.0/0x18',
  ])('may not name %j', (entry) => expect(readAddressOrBlock(entry)).toHaveProperty('error'))
})

describe('a cursor', () => {
  const someId = crypto.randomUUID()
  const positions = fc.record({ createdAt: fc.nat({ max: 999_999_999_999_999 }), id: fc.uuid() })

  it('returns the position that it was created from', () => {
    fc.assert(
      fc.property(positions, (position) => {
        expect(readCursor(writeCursor(position))).toEqual(position)
      }),
    )
  })

  it('is refused once it is anything else than what was written', () => {
    fc.assert(
      fc.property(
        positions,
        fc.nat({ max: 80 }),
        fc.string({ maxLength: 2 }),
        (position, at, text) => {
          const cursor = writeCursor(position)
          const changed =
            cursor.slice(0, at % cursor.length) + text + cursor.slice((at % cursor.length) + 1)
          fc.pre(changed !== cursor)
          let read: unknown
          try {
            read = readCursor(changed)
          } catch (problem) {
            expect(problem).toMatchObject({ code: 'invalid_request' })
            return
          }
          // Another position is well formed; two texts for one position are not.
          expect(writeCursor(read as { createdAt: number; id: string })).toBe(changed)
        },
      ),
    )
  })

  it.each([
    '',
    'x',
    '====',
    'bnVsbA',
    '%00',
    btoa('1/not-a-uuid'),
    btoa(`-1/${someId}`),
    btoa(`01/${someId}`),
    writeCursor({ createdAt: 1, id: '7B1F3C2E-5D4A-4C3B-9E2F-0123456789AB' }),
  ])('%j is refused', (cursor) => expect(() => readCursor(cursor)).toThrow('cursor'))

  it('is null on the last page, also when that page is full', () => {
    const row = (createdAt: number) => ({ createdAt, id: crypto.randomUUID() })
    const [a, b, c] = [row(3), row(2), row(1)]
    expect(pageOf([], 2)).toEqual({ page: [], next_cursor: null })
    expect(pageOf([a, b], 2)).toEqual({ page: [a, b], next_cursor: null })
    expect(pageOf([a, b, c], 2)).toEqual({ page: [a, b], next_cursor: writeCursor(b) })
  })
})
