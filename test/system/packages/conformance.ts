// test/conformance/cases.json against a server: a Latchkey that does what each case says, and what the server must answer.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../../scripts/free-port.ts'
import document from '../../conformance/cases.json' with { type: 'json' }

type Answers = { status: number; headers?: Record<string, string>; body: unknown }
type Fault = 'stopped' | 'hangs' | 'hangs_in_body' | 'resets'
export type ServerKey = 'good' | 'wrong' | 'revoked' | 'unscoped'
export type ClientKey = 'good' | 'revoked'

export type Case = {
  name: string
  request?: Record<string, string>
  latchkey: {
    answers?: Answers
    delay_ms?: number
    fault?: Fault
    real?: { server: ServerKey; client: ClientKey }
  }
  expect: {
    status: number
    code?: string
    key_id?: string
    headers?: Record<string, string | null>
  }
}

export const cases = document.cases as unknown as Case[]
/** Long enough for a machine with more to do, where the answer comes. */
const patientMs = 30_000

/** The keys of a running Latchkey that the cases name. */
export type Real = {
  url: string
  server: Record<ServerKey, string>
  client: Record<ClientKey, string>
  /** With keys:manage, for the clients of other languages. */
  manager: string
}

/** What a protected server is told of a case, whose route is `/AT`. */
export type Route = { at: number; url: string; key: string; timeoutMs: number }

const serverKey = 'whm_server'

export type Fake = { routes: Route[]; thrower: Route; stop(): void }

/** A Latchkey for each case, below `/AT`, and the routes that a server needs for them. */
export async function startFake(real: Real): Promise<Fake> {
  const server = createServer(async (request, response) => {
    const at = Number(request.url?.split('/')[1])
    const { answers, delay_ms, fault } = cases[at]?.latchkey ?? {}
    const asked = await text(request)
    if (fault !== undefined) return fail(fault, response)
    // A server that asks for anything else is not answered as the case says, and fails it.
    if (request.headers['x-api-key'] !== serverKey || !asked.includes('"contacts:read"')) {
      return void response.writeHead(418).end()
    }
    if (delay_ms !== undefined) await sleep(delay_ms, null, { ref: false })
    answer(answers ?? { status: 500, body: '' }, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stopped = `http://127.0.0.1:${await freePort()}`
  const routes = cases.map(({ latchkey }, at) => {
    if (latchkey.real) {
      return { at, url: real.url, key: real.server[latchkey.real.server], timeoutMs: patientMs }
    }
    const url = latchkey.fault === 'stopped' ? stopped : `${base}/${at}`
    const isLate = (latchkey.delay_ms ?? 0) > document.timeout_ms
    const hangs = isLate || latchkey.fault?.startsWith('hangs')
    const timeoutMs = hangs ? document.timeout_ms : patientMs
    return { at, url, key: serverKey, timeoutMs }
  })
  const thrower = routes.find(({ at }) => cases[at]?.latchkey.answers?.status === 401)
  if (thrower === undefined) throw new Error('No case has a wrong key of the server.')
  return {
    routes,
    // The client authenticates as Bearer, and is not what the fake server expects.
    thrower: { ...thrower, url: real.url, key: real.server.wrong },
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function answer({ status, headers = {}, body }: Answers, response: ServerResponse): void {
  const isText = typeof body === 'string'
  const type = isText ? 'text/html' : status < 400 ? 'application/json' : 'application/problem+json'
  response.writeHead(status, { 'content-type': type, ...headers })
  response.end(isText ? body : JSON.stringify(body))
}

function fail(fault: Fault, response: ServerResponse): void {
  if (fault === 'resets') response.destroy()
  if (fault !== 'hangs_in_body') return
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('{"status":"success","data":{"valid":true,"code":"valid","key":')
}

/** @throws AssertionError that names the case. */
export async function checkCase(base: string, at: number, real: Real): Promise<void> {
  const { name, request = { 'x-api-key': 'whm_client' }, latchkey, expect } = cases[at] as Case
  const headers = latchkey.real ? { 'x-api-key': real.client[latchkey.real.client] } : request
  const response = await fetch(`${base}/${at}`, { headers, signal: AbortSignal.timeout(40_000) })
  const answered = await response.text()
  equal(response.status, expect.status, `${name}: ${answered}`)
  for (const [header, value] of Object.entries(expect.headers ?? {})) {
    equal(response.headers.get(header), value, `${name}: ${header}`)
  }
  const body = JSON.parse(answered)
  if (expect.status === 200) {
    ok(expect.key_id === undefined || body.id === expect.key_id, `${name}: ${answered}`)
    return
  }
  deepEqual([body.status, body.code], [expect.status, expect.code], name)
  deepEqual(Object.keys(body), ['type', 'title', 'status', 'detail', 'code', 'request_id'], name)
  equal(body.request_id, response.headers.get('x-request-id'), name)
}
