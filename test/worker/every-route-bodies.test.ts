// Every route that takes a body: its size, its encoding, its form, and the largest and oddest value in every field.
import { describe, expect, it, vi } from 'vitest'
import { maxImportBytes } from '../../src/http/management/keys/import.ts'
import { maxReportBytes } from '../../src/http/revocation/leaks.ts'
import { maxBodyBytes } from '../../src/http/routing/body.ts'
import { attempt } from '../support/every-route/answers.ts'
import { bodyOf, fieldsOf, formType, withValue } from '../support/every-route/positions.ts'
import { type EveryRoute, openEverything, type Sent } from '../support/every-route/routes.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const all = await openEverything()
const { document, routes, sampleOf } = all
const named = (chosen: EveryRoute[]) => chosen.map((route) => [route.name, route] as const)
const send = (route: EveryRoute, sent: Sent, what: string) => attempt(all, route, sent, what)

const isForm = (route: EveryRoute) => bodyOf(route)?.type === formType
const isReport = ({ caller }: EveryRoute) => caller === 'github'
const writing = routes.filter(
  ({ method, section, path, isClosed }) =>
    method !== 'GET' && section !== 'gateway' && !path.startsWith('/forward-auth/') && !isClosed,
)
const ofJson = writing.filter((route) => !isForm(route) && !isReport(route))
const json = { 'content-type': 'application/json' }
const bytes = (...parts: (string | number)[]) =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'number' ? [part] : [...new TextEncoder().encode(part)],
    ),
  )
const withBody = (sent: Sent, body: string | Uint8Array<ArrayBuffer>, headers = {}): Sent => ({
  ...sent,
  headers: { ...sent.headers, ...json, ...headers },
  body,
})

describe('a body of JSON', () => {
  it.each(named(ofJson))('that cannot be read is refused: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const wrong: [string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number][] = [
      ['bytes that are no UTF-8', bytes('{"', 0xff, '":1}'), {}, 400],
      ['a lone surrogate', '{"a":"\\ud800"}', {}, 400],
      ['a nesting of 33', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`, {}, 400],
      ['a nesting of 30,000', '['.repeat(30_000), {}, 400],
      ['a prototype', '{"__proto__":{"a":1}}', {}, 400],
      ['a number beyond a double', '{"a":1e999}', {}, 400],
      ['half a body', '{"a":', {}, 400],
      ['another charset', '{}', { 'content-type': 'application/json; charset=utf-16' }, 400],
      ['another type', '{}', { 'content-type': 'text/plain' }, 415],
      ['a form', 'a=1', { 'content-type': formType }, 415],
      ['an encoding', '{}', { 'content-encoding': 'gzip' }, 415],
      ['two encodings', '{}', { 'content-encoding': 'identity, br' }, 415],
      ['a list', '[]', {}, 400],
      ['a text', '"x"', {}, 400],
      ['null', 'null', {}, 400],
    ]
    for (const [what, body, headers, status] of wrong) {
      const answer = await send(route, withBody(sample, body, headers), what)
      expect([what, answer.status]).toEqual([what, status])
    }
  })

  const ofKnown = ofJson.filter(({ caller }) => caller !== 'anonymous' && caller !== 'operator')
  it.each(named(ofKnown))('is judged for those who are known: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const credentials = ['x-api-key', 'authorization', 'cookie']
    const others = Object.entries(sample.headers).filter(([name]) => !credentials.includes(name))
    const headers = Object.fromEntries(others)
    const wrong: [string, Record<string, string>][] = [
      ['{"a":', {}],
      ['{}', { 'content-type': 'text/plain' }],
      ['{}', { 'content-encoding': 'gzip' }],
      ['[]', {}],
      [' '.repeat(maxImportBytes + 1), {}],
    ]
    for (const [body, more] of wrong) {
      const answer = await send(
        route,
        withBody({ ...sample, headers }, body, more),
        body.slice(0, 9),
      )
      expect([answer.status, answer.code]).toEqual([401, 'missing_credential'])
    }
  })

  it.each(named(ofJson))('may have its limit of bytes and no more: %s', async (_, route) => {
    const limit = route.path === '/api/api-keys/import' ? maxImportBytes : maxBodyBytes
    const sample = await sampleOf(route)
    const text = typeof sample.body === 'string' ? sample.body : '{}'
    const padded = (total: number) => text + ' '.repeat(total - bytes(text).length)
    const above = await send(route, withBody(sample, padded(limit + 1)), 'One byte more')
    expect([above.status, above.code]).toEqual([413, 'payload_too_large'])
    const { status } = await send(route, withBody(sample, padded(limit)), 'The limit')
    expect([400, 413, 415]).not.toContain(status)
  })

  it.each(named(ofJson))('has no field that the operation does not know: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const body = JSON.parse(typeof sample.body === 'string' ? sample.body : '{}')
    const token = `whm_${'0123456789abcdef'.repeat(2)}`
    for (const name of ['surprise', 'constructor', 'x '.repeat(15_000), token]) {
      const sent = withBody(sample, JSON.stringify({ ...body, [name]: token }))
      const answer = await send(route, sent, 'An unknown field')
      const cut = name.length > 100 ? expect.stringMatching(/^(x ){50}…$/) : name
      const path = name === token ? '[redacted]' : cut
      expect([answer.status, answer.code, answer.fields]).toEqual([
        ...[400, 'invalid_request'],
        expect.arrayContaining([path]),
      ])
      expect(answer.text.includes(token)).toBe(false)
    }
  })

  it.each(named(ofJson))('that is absent is no body: %s', async (_, route) => {
    const { body: _body, ...sample } = await sampleOf(route)
    const headers = { ...sample.headers, ...json }
    const none = await send(route, { ...sample, headers }, 'None')
    // Better Auth's endpoints do not say whether a body is optional.
    const mayRefuse = route.section === 'people' || bodyOf(route)?.isRequired === true
    if (mayRefuse && [400, 415].includes(none.status)) return
    const { status } = await send(route, withBody(await sampleOf(route), '{}'), 'No fields')
    expect(none.status).toBe(status)
  })
})

/** Fields that take any text, or any JSON: tokens, and what is compared with something secret. */
const free =
  /^(POST \/api\/v1\/keys\/verify\S* (keys\.0\.)?token|POST \/api\/auth\/sign-in\/email password)$/

describe('a field', () => {
  const large: [string, unknown][] = [
    ['60,000 letters', 'n'.repeat(60_000)],
    ['a huge number', 1e300],
    ['a list of 5,000', Array.from({ length: 5_000 }, () => null)],
    [
      'an object of 3,000',
      Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [at, null])),
    ],
  ]
  const withFields = named(ofJson).filter(([, route]) => fieldsOf(document, route).length > 0)

  it.each(withFields)('refuses by name what is too large: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const body = JSON.parse(typeof sample.body === 'string' ? sample.body : '{}')
    for (const place of fieldsOf(document, route)) {
      // Deeper fields have the same readers: one value shows that they are reached.
      for (const [what, value] of large.slice(0, place.length > 1 ? 1 : 4)) {
        const sent = withBody(sample, JSON.stringify(withValue(body, place, value)))
        const about = `${what} in ${place.join('.')}`
        const answer = await send(route, sent, about)
        // Each key of an import has an outcome of its own.
        if (route.path === '/api/api-keys/import' && place.length > 1) {
          expect([about, answer.status]).toEqual([about, 200])
          expect(answer.text, about).toContain('"errors"')
          continue
        }
        if (free.test(`${route.name} ${place.join('.')}`) && typeof value === 'string') continue
        expect([about, answer.status, answer.code]).toEqual([about, 400, 'invalid_request'])
        expect(
          answer.fields.some((path) => path.startsWith(place[0] ?? '')),
          `${about}: ${answer.text}`,
        ).toBe(true)
      }
    }
  })
})

describe('a form or a report', () => {
  const others = writing.filter((route) => isForm(route) || isReport(route))

  it.each(named(others))('is bounded and read strictly: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const text = typeof sample.body === 'string' ? sample.body : ''
    const fill = isForm(route) ? `${text}&x=` : text
    const of = (body: string | Uint8Array<ArrayBuffer>, headers = {}) => ({
      ...sample,
      headers: { ...sample.headers, ...headers },
      body,
    })
    const pad = (length: number) => fill.padEnd(length, isForm(route) ? 'y' : ' ')
    const limit = isReport(route) ? maxReportBytes : maxBodyBytes
    expect((await send(route, of(pad(limit)), 'The limit')).status).toBe(200)
    expect((await send(route, of(pad(limit + 1)), 'One byte more')).status).toBe(413)
    expect((await send(route, of(bytes(text, 0xff)), 'No UTF-8')).status).toBe(400)
    expect((await send(route, of(text, { 'content-encoding': 'gzip' }), 'Gzip')).status).toBe(415)
    const long = isForm(route)
      ? `token=${'t'.repeat(60_000)}`
      : `[{"token":"${'t'.repeat(60_000)}","type":"x"}]`
    expect((await send(route, of(long), 'A long token')).status).toBe(200)
    expect((await send(route, of(''), 'Nothing')).status).toBe(400)
  })
})
