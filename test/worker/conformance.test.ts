// test/conformance/cases.json with latchkey/hono on Workers, over HTTP and over a service binding. test/system/packages runs the
// same cases with the other frameworks, and with a real Latchkey.
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { type ApiKeyOptions, apiKey } from '../../packages/latchkey/src/hono.ts'
import document from '../conformance/cases.json' with { type: 'json' }

type Case = {
  name: string
  request?: Record<string, string>
  latchkey: {
    answers?: { status: number; headers?: Record<string, string>; body: unknown }
    delay_ms?: number
    fault?: 'stopped' | 'hangs' | 'hangs_in_body' | 'resets'
    real?: object
  }
  expect: { status: number; code?: string; headers?: Record<string, string | null> }
}

const cases = (document.cases as unknown as Case[]).filter(({ latchkey }) => !latchkey.real)
const never = () => new Promise<never>(() => {})
const broken = () => Promise.reject(new TypeError('Network connection lost.'))

/** What is late hangs; what is slow is only so where time passes, in test/system/packages. */
const isLate = ({ delay_ms = 0 }: Case['latchkey']) => delay_ms > document.timeout_ms

function fetchFor(latchkey: Case['latchkey']): typeof fetch {
  const { answers, fault } = latchkey
  return (async () => {
    if (fault === 'hangs' || isLate(latchkey)) return never()
    // Never closed: its first half is all that comes.
    if (fault === 'hangs_in_body') return new Response(new ReadableStream({ pull: never }))
    if (answers === undefined) return broken()
    const { status, headers, body } = answers
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), {
      status,
      ...(headers && { headers }),
    })
  }) as typeof fetch
}

/** null: over a binding there is no such answer. */
function bindingFor(latchkey: Case['latchkey']): (() => Promise<unknown>) | null {
  const { answers, fault } = latchkey
  if (isLate(latchkey)) return never
  if (fault !== undefined)
    return fault === 'hangs' ? never : () => Promise.reject(new Error('Lost'))
  const { status, body } = answers ?? {}
  if (status !== 200 || typeof body !== 'object') return null
  return async () => (body as { data: unknown }).data
}

async function check(test: Case, transport: ApiKeyOptions): Promise<void> {
  let runs = 0
  const options = { ...transport, scopes: ['contacts:read'], timeoutMs: 50, onError() {} }
  const app = new Hono().get('/', apiKey(options as ApiKeyOptions), (c) => {
    runs++
    return c.text('passed')
  })
  const response = await app.request('/', {
    headers: test.request ?? { 'x-api-key': 'whm_client' },
  })
  const text = await response.text()
  expect(response.status, text).toBe(test.expect.status)
  expect(runs).toBe(test.expect.status === 200 ? 1 : 0)
  for (const [name, value] of Object.entries(test.expect.headers ?? {})) {
    expect(response.headers.get(name), name).toBe(value)
  }
  if (test.expect.code !== undefined) expect(JSON.parse(text).code).toBe(test.expect.code)
}

describe('over HTTP', () => {
  it.each(cases.map((test) => [test.name, test] as const))('%s', async (_, test) => {
    await check(test, { url: 'https://keys.example', key: 'k', fetch: fetchFor(test.latchkey) })
  })
})

describe('over a service binding', () => {
  const bound = cases.flatMap((test) => {
    const verify = bindingFor(test.latchkey)
    return verify === null ? [] : [[test.name, test, verify] as const]
  })
  it.each(bound)('%s', async (_, test, verify) => {
    await check(test, { binding: { verify } } as unknown as ApiKeyOptions)
  })

  it('has a case for most of what can be answered', () => {
    expect(bound.length).toBeGreaterThan(30)
  })
})
