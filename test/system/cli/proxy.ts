// A server between the program and a deployment, which passes requests on, or answers them as a test says.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Asked = { method: string; path: string; body: string }
/** `hold` never answers; `reset` closes the connection, `lose` once the request has taken place; null passes it on. */
export type Instead =
  | 'hold'
  | 'reset'
  | 'lose'
  | { status: number; headers?: Record<string, string>; body: object | string }
  | null
type Decide = (asked: Asked) => Instead
/** What of an answer that was passed on is replaced. */
type Change = (asked: Asked) => Record<string, string>

export type Proxy = { url: string; asked: Asked[]; stop: () => void }

export async function startProxy(
  target: string,
  decide: Decide,
  headersOf: Change = () => ({}),
): Promise<Proxy> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const one = { method: request.method ?? '', path: request.url ?? '', body: await text(request) }
    asked.push(one)
    const instead = decide(one)
    if (instead === 'hold') return
    if (instead === 'reset') return void request.socket.destroy()
    if (instead !== null && instead !== 'lose') {
      const body = typeof instead.body === 'string' ? instead.body : JSON.stringify(instead.body)
      return void response.writeHead(instead.status, instead.headers).end(body)
    }
    const answer = await pass(target, request, one)
    if (instead === 'lose') return void request.socket.destroy()
    const own = Object.fromEntries(answer.headers)
    delete own['content-encoding']
    delete own['content-length']
    response.writeHead(answer.status, { ...own, ...headersOf(one) })
    response.end(Buffer.from(await answer.arrayBuffer()))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${port}`, asked, stop }
}

function pass(target: string, { headers }: IncomingMessage, { method, path, body }: Asked) {
  const { host: _, connection: __, 'content-length': ___, ...kept } = headers
  return fetch(target + path, {
    ...{ method, headers: kept as Record<string, string>, redirect: 'manual' },
    ...(body !== '' && { body }),
  })
}

async function text(request: IncomingMessage): Promise<string> {
  let all = ''
  for await (const chunk of request.setEncoding('utf8')) all += chunk
  return all
}
