// A stand-in for Cloudflare's API, as far as wrangler asks it when a Worker is deployed. It keeps what it
// was told, runs migrations in real SQLite, and refuses what refers to something that does not exist.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Body, respond } from './api.ts'
import { emptyCloud, type World } from './cloud.ts'

/** `changes`: whether it is more than a question; D1 is asked by POST, too. */
export type Call = { method: string; path: string; changes: boolean }
/** `refuse`: nothing happens and an error is answered. `lose`: it happens, and the answer is lost. */
export type Fault = { at: (call: Call) => boolean; how: 'refuse' | 'lose' }

export type Cloudflare = {
  url: string
  account: string
  world: World
  calls: Call[]
  /** What wrangler asked and the stand-in does not know: a test in which this is not empty says nothing. */
  unknown: Call[]
  /** Strikes once. */
  fault: Fault | null
  stop(): Promise<void>
}

export async function startCloudflare(): Promise<Cloudflare> {
  const cloudflare: Cloudflare = {
    url: '',
    account: `account-${randomUUID()}`,
    world: emptyCloud(),
    calls: [],
    unknown: [],
    fault: null,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
  const server = createServer((request, response) => {
    answer(cloudflare, request, response).catch((error) => {
      cloudflare.unknown.push({ method: 'CRASH', path: String(error), changes: false })
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cloudflare.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`
  return cloudflare
}

async function answer(
  cloudflare: Cloudflare,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', cloudflare.url)
  const method = request.method ?? 'GET'
  const path = url.pathname.replace('/client/v4', '').replace(`/accounts/${cloudflare.account}`, '')
  const body = await read(request)
  const isQuestion = method === 'GET' || /^\s*(select|pragma)/i.test(body.json?.sql ?? '')
  const call = { method, path, changes: !isQuestion }
  cloudflare.calls.push(call)
  const { fault } = cloudflare
  const struck = fault?.at(call) ?? false
  if (struck) cloudflare.fault = null
  if (struck && fault?.how === 'refuse') return send(response, 400, failure(9999, 'struck'))
  const outcome = await respond(cloudflare, call, url.searchParams, body)
  if (struck) return void response.destroy()
  if (outcome === null) {
    cloudflare.unknown.push(call)
    return send(response, 404, failure(7003, `no such route: ${call.method} ${call.path}`))
  }
  if ('error' in outcome)
    return send(response, outcome.status, failure(outcome.code, outcome.error))
  send(response, 200, { success: true, errors: [], messages: [], ...outcome })
}

async function read(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const type = request.headers['content-type'] ?? ''
  if (type.includes('json') && bytes.length > 0) return { json: JSON.parse(bytes.toString()) }
  if (!type.includes('multipart')) return {}
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData()
  const metadata = form.get('metadata')
  return typeof metadata === 'string' ? { json: JSON.parse(metadata) } : {}
}

function failure(code: number, message: string) {
  return { success: false, errors: [{ code, message }], messages: [], result: null }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cf-ray': randomUUID() })
  response.end(JSON.stringify(body))
}
