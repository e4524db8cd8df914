// One question about a key, asked on every surface of the contract ("What they learn").
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import {
  type ApiKeyOptions,
  type ApiKeyVariables,
  apiKey,
  type LatchkeyBinding,
} from '../../packages/latchkey/src/hono.ts'
import type { Config } from '../../src/core/config.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { verifyByBinding } from '../../src/worker/rpc.ts'
import config from './latchkey.config.ts'
import { type Answer, createSkippingClock, createTestApp, type TestApp } from './test-app.ts'

/** What verify takes beside the token. The other surfaces use what they know of it. */
export type Ask = {
  scopes?: string[]
  any_of?: string[]
  environment?: string
  cost?: number
  idempotencyKey?: string
}

/** `told`: what the caller, or the API behind, learns of the key; `text`: all of the answer. */
export type Said = { code: string; told: unknown; text: string }

export type Surface = (token: string, ask: Ask) => Promise<Said>

/** An app whose gateway answers with the headers that the API received. */
export function createEchoApp(more: Partial<Config<Env>> = {}): Promise<TestApp> {
  const fetch = (request: Request) => Response.json(Object.fromEntries(request.headers))
  const gateway = { ...config.gateway, ...more.gateway, upstream: { fetch } }
  const clock = createSkippingClock()
  return createTestApp({ clock, isolate: createIsolate({ ...config, ...more, gateway }, clock) })
}

const target = '/api/contacts/7'

export type Surfaces = ReturnType<typeof openSurfaces>

/** @param service a key with keys:verify. */
export function openSurfaces(app: TestApp, service: string) {
  /** Those that answer about every key of the caller's account. */
  const answering = {
    verify: async (token, ask) => {
      const body = { token, ...ask }
      const answer = await app.request('POST', '/api/v1/keys/verify', { key: service, body })
      return saidBy(answer, answer.body.data)
    },
    'verify-batch': async (token, ask) => {
      const body = { keys: [{ token: 'whm_unknown' }, { token, ...ask }] }
      const answer = await app.request('POST', '/api/v1/keys/verify-batch', { key: service, body })
      return saidBy(answer, answer.body.data?.[1])
    },
    RPC: async (token, ask) => {
      const { code, key, account, scopes, resources } = await bindingTo(app).verify({
        ...{ token, ...ask },
      })
      return { code, told: { key, account, scopes, resources }, text: '' }
    },
  } satisfies Record<string, Surface>

  /** Those that let a request pass, or refuse it with a problem. */
  const admitting = {
    'latchkey/hono over a binding': (token, ask) =>
      byMiddleware({ binding: bindingTo(app) }, token, ask),
    'latchkey/hono over HTTP': (token, ask) => {
      const fetch = (url: URL, init: RequestInit) => app.send(String(url), init)
      const http = { url: env.BASE_URL, key: service, fetch: fetch as typeof globalThis.fetch }
      return byMiddleware(http, token, ask)
    },
    introspection: async (token, { environment }) => {
      const form = { token, ...(environment !== undefined && { environment }) }
      const answer = await app.request('POST', '/api/v1/introspect', {
        key: service,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      })
      const { iat: _, ...told } = answer.body
      return { code: codeOf(answer), told, text: answer.text }
    },
    gateway: async (token) => {
      const answer = await app.request('GET', target, { key: token })
      return { code: codeOf(answer), told: identityIn(answer.body), text: answer.text }
    },
    'forward auth for nginx': (token) =>
      byProxy(app, token, '/forward-auth/nginx/crm', {
        ...{ 'x-original-method': 'GET', 'x-original-uri': target },
      }),
    'forward auth for Caddy and Traefik': (token) =>
      byProxy(app, token, '/forward-auth/forwarded/crm', {
        ...{ 'x-forwarded-method': 'GET', 'x-forwarded-uri': target },
      }),
    'forward auth for Envoy': (token) => byProxy(app, token, `/forward-auth/envoy/crm${target}`),
    me: async (token) => {
      const answer = await app.request('GET', '/api/v1/me', { key: token })
      return { code: codeOf(answer), told: answer.body.data, text: answer.text }
    },
  } satisfies Record<string, Surface>

  return { answering, admitting }
}

/** The Worker behind a service binding. */
export function bindingTo({ isolate, bindings }: TestApp): LatchkeyBinding {
  return {
    async verify(request) {
      const context = createExecutionContext()
      const answer = verifyByBinding(isolate, bindings as Env, context, structuredClone(request))
      return answer.finally(() => waitOnExecutionContext(context))
    },
  }
}

async function byMiddleware(
  transport: ApiKeyOptions,
  token: string,
  { idempotencyKey, any_of: anyOf, ...ask }: Ask,
): Promise<Said> {
  const key = idempotencyKey !== undefined && { idempotencyKey: () => idempotencyKey }
  const options = { ...transport, ...ask, anyOf, ...key } as ApiKeyOptions
  const app = new Hono<{ Variables: ApiKeyVariables }>()
  app.get('/', apiKey(options), (c) => c.json(c.var.apiKey))
  const response = await app.request('/', { headers: { 'x-api-key': token } })
  const text = await response.text()
  const body = JSON.parse(text)
  return { code: response.ok ? 'valid' : body.code, told: body, text }
}

async function byProxy(app: TestApp, key: string, path: string, headers = {}): Promise<Said> {
  const answer = await app.request('GET', path, { key, headers })
  const sent = Object.fromEntries(answer.headers)
  const text = answer.text + JSON.stringify(sent)
  return { code: codeOf(answer), told: identityIn(sent), text }
}

/** The X-Latchkey-* headers but for the id of the request, by the rest of their names. */
function identityIn(headers: Record<string, string>): Record<string, string> {
  const named = Object.entries(headers).filter(([name]) => name.startsWith('x-latchkey-'))
  const { 'request-id': _, ...identity } = Object.fromEntries(
    named.map(([name, value]) => [name.slice('x-latchkey-'.length), value]),
  )
  return identity
}

function codeOf({ status, body }: Answer): string {
  return status === 200 ? 'valid' : body.code
}

function saidBy({ status, text }: Answer, data: Record<string, unknown> | undefined): Said {
  if (status !== 200 || data === undefined) throw new Error(`No answer: ${status} ${text}`)
  const { code, key, account, scopes, resources } = data
  return { code: String(code), told: { key, account, scopes, resources }, text: '' }
}
