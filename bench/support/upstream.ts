// The API behind the gateway: an HTTP server in a process of its own, so that its processor time is not workerd's.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Upstream = { origin: string; stop(): void }

export async function startUpstream(): Promise<Upstream> {
  const child = fork(import.meta.filename, ['serve'])
  const [port] = (await once(child, 'message')) as [number]
  return { origin: `http://127.0.0.1:${port}`, stop: () => child.kill() }
}

if (process.argv[2] === 'serve' && process.send) {
  const body = JSON.stringify({ status: 'success', data: [] })
  const headers = { 'content-type': 'application/json', 'content-length': body.length }
  const server = createServer((_, response) => response.writeHead(200, headers).end(body))
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
}
