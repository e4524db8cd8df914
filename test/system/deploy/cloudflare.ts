// A fake of Cloudflare's API, with the routes that wrangler uses to deploy a Worker. It stores resources,
// runs migrations in SQLite, and rejects references to resources that do not exist.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Body, respond } from './api.ts'
import { emptyCloud, type World } from './cloud.ts'

/** `changes`: whether the call writes; D1 reads use POST, too. */
export type Call = { method: string; path: string; changes: boolean }
/** `refuse`: no effect and an error response. `lose`: the call takes effect, and its response is lost. */
export type Fault = { at: (call: Call) => boolean; how: 'refuse' | 'lose' }

export type Cloudflare = {
  url: string
  account: string
  world: World
  calls: Call[]
  /** Requests without a route in this fake: a test in which there are any is invalid. */
  unknown: Call[]
  /** Applied once. */
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
    handle(cloudflare, request, response).catch((error) => {
      cloudflare.unknown.push({ method: 'CRASH', path: String(error), changes: false })
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cloudflare.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`
  return cloudflare
}

async function handle(
  cloudflare: Cloudflare,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', cloudflare.url)
  const method = request.method ?? 'GET'
  const path = url.pathname.replace('/client/v4', '').replace(`/accounts/${cloudflare.account}`, '')
  const body = await read(request)
  const isRead = method === 'GET' || /^\s*(select|pragma)/i.test(body.json?.sql ?? '')
  const call = { method, path, changes: !isRead }
  cloudflare.calls.push(call)
  const { fault } = cloudflare
  const applied = fault?.at(call) ?? false
  if (applied) cloudflare.fault = null
  if (applied && fault?.how === 'refuse') return send(response, 400, failure(9999, 'applied'))
  const outcome = await respond(cloudflare, call, url.searchParams, body)
  if (applied) return void response.destroy()
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
