// The app for tests: the real app on workerd's real D1, KV and Durable Objects, with a clock
// that skips waits, and people with JWTs signed by a key that the test inserted into D1.

import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type Clock, settle } from '../../src/coherence/settle.ts'
import type { Role } from '../../src/core/config.ts'
import { environmentOf } from '../../src/core/environment.ts'
import { UsageCounter } from '../../src/usage/counter.ts'
import { changeStores, settleSettings } from '../../src/worker/changes.ts'
import { createIsolate, type Isolate } from '../../src/worker/context.ts'
import { createFetchHandler } from '../../src/worker/fetch.ts'
import config from './latchkey.config.ts'

/** The fence of the isolates of tests, whose requests come from nowhere in particular. */
export const isolatesFence = 'enam/0-of-1'

/** Real time plus all simulated waits, which take no real time. */
export function createSkippingClock(): Clock & { skip(ms: number): void } {
  let skipped = 0
  return {
    now: () => Date.now() + skipped,
    skip(ms) {
      skipped += ms
    },
    async sleep(ms) {
      skipped += Math.ceil(ms)
    },
  }
}

/** Stands still but for what is skipped: no lease ends because the machine is busy. */
export function createStillClock(): ReturnType<typeof createSkippingClock> {
  let nowMs = Date.now()
  const skip = (ms: number) => {
    nowMs += Math.ceil(ms)
  }
  return { now: () => nowMs, skip, sleep: async (ms) => skip(ms) }
}

/** Sends counts right after the response, where a real isolate collects for some seconds. */
export function promptUsage({ now }: Clock): UsageCounter {
  // A task later, when the answer is usually there, so that one message holds the counts and what the log holds.
  const sleep = () => new Promise<void>((wake) => setTimeout(wake))
  return new UsageCounter({
    ...{ now, sleep },
    newId: () => crypto.randomUUID(),
    environmentOf: (format) => environmentOf(format, config),
  })
}

/** The real queue would call the receivers of webhooks; test/support/outside.ts has a fake one. */
const nowhere = { send: async () => {}, sendBatch: async () => {} } as unknown as Env['WEBHOOKS']

export type Answer = {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: assertions check its type
  body: any
  text: string
}

export type TestApp = Awaited<ReturnType<typeof createTestApp>>

/** An app with its own isolate memory; `bindings` replaces bindings that a test records or fails. */
export async function createTestApp(
  options: {
    isolate?: Isolate
    usage?: UsageCounter
    clock?: ReturnType<typeof createSkippingClock>
    bindings?: Partial<Env>
  } = {},
) {
  const clock = options.clock ?? createSkippingClock()
  const isolate = options.isolate ?? createIsolate(config, clock)
  isolate.usage = options.usage ?? promptUsage(clock)
  const handler = { fetch: createFetchHandler(isolate) }
  const bindings = { ...env, WEBHOOKS: nowhere, ...options.bindings }

  async function send(path: string, init: RequestInit = {}): Promise<Response> {
    const context = createExecutionContext()
    const response = await handler.fetch(
      new Request(new URL(path, env.BASE_URL), init),
      bindings,
      context,
    )
    await waitOnExecutionContext(context)
    return response
  }

  /** JSON in, JSON out; `as` is a token (key or JWT) for Authorization: Bearer. */
  async function request(method: string, path: string, options: TestRequest = {}): Promise<Answer> {
    const headers = new Headers(options.headers)
    if (options.as !== undefined) headers.set('authorization', `Bearer ${options.as}`)
    if (options.key !== undefined) headers.set('x-api-key', options.key)
    const init: RequestInit = { method, headers }
    if (options.body !== undefined) {
      if (!headers.has('content-type')) headers.set('content-type', 'application/json')
      init.body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
    }
    const response = await send(path, init)
    const text = await response.text()
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : null,
    }
  }

  /** Runs the reconciler, as the cron trigger does every minute: it applies rows written by SQL. */
  async function reconcile(): Promise<string[]> {
    const behind: Promise<unknown>[] = []
    const settings = settleSettings(isolate, (work) => void behind.push(work))
    const regions = await settle(changeStores(isolate, bindings), settings, 'all')
    await Promise.all(behind)
    return regions
  }

  return { handler, isolate, clock, bindings, send, request, reconcile }
}

type TestRequest = { as?: string; key?: string; body?: unknown; headers?: HeadersInit }

export async function createAccount(name: string): Promise<string> {
  const id = crypto.randomUUID()
  await env.DB.prepare('INSERT INTO organization (id, name, slug, created_at) VALUES (?, ?, ?, ?)')
    .bind(id, name, id, Date.now())
    .run()
  return id
}

export type TestPerson = { id: string; memberId: string; jwt: string }

/** A member of an account, and their JWT. */
export async function addPerson(accountId: string, role: Role): Promise<TestPerson> {
  const id = crypto.randomUUID()
  const memberId = crypto.randomUUID()
  const now = Date.now()
  await env.DB.batch([
    env.DB.prepare(
      'INSERT INTO user (id, name, email, email_verified, created_at, updated_at) VALUES (?, ?, ?, 1, ?, ?)',
    ).bind(id, `The ${role}`, `${id}@example.test`, now, now),
    env.DB.prepare(
      'INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, ?, ?)',
    ).bind(memberId, accountId, id, role, now),
  ])
  return { id, memberId, jwt: await jwtFor(id, accountId) }
}

let signer: { kid: string; privateKey: CryptoKey } | null = null

/** @param provedAt when its sign-in was (ms); `null`: the JWT does not say */
export async function jwtFor(
  userId: string,
  account: string,
  provedAt: number | null = Date.now(),
): Promise<string> {
  signer ??= await createSigner()
  const proof = provedAt !== null && { auth_time: Math.floor(provedAt / 1_000) }
  return new SignJWT({ account, ...proof })
    .setProtectedHeader({ alg: 'EdDSA', kid: signer.kid })
    .setSubject(userId)
    .setIssuer(env.BASE_URL)
    .setAudience('management')
    .setIssuedAt()
    .setExpirationTime('15m')
    .sign(signer.privateKey)
}

async function createSigner() {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const kid = crypto.randomUUID()
  const jwk = JSON.stringify(await exportJWK(publicKey))
  await env.DB.prepare(
    'INSERT INTO jwks (id, public_key, private_key, created_at) VALUES (?, ?, ?, ?)',
  )
    // Older than any key of Better Auth, which signs with its newest one.
    .bind(kid, jwk, '', 1)
    .run()
  return { kid, privateKey }
}
