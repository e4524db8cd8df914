// Two Workers in workerd: Latchkey (worker.ts) and the API that it is bound to.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { freePort } from '../../../scripts/free-port.ts'
import { root } from '../../../scripts/settings.ts'
import { bundle } from '../../support/system/bundle.ts'
import { migrate, seed } from '../../support/system/migrate.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { demoOwner, jwtOf, sendTo, signIn } from '../../support/system/sign-in.ts'
import { workerOptions } from '../../support/system/worker-options.ts'

export type Workers = {
  /** Latchkey without CORS. */
  closed: string
  /** The same, open to `page`. */
  open: string
  /** Its API has no `/api` in its paths. */
  prefixed: string
  createKey(body?: object): Promise<string>
  stop(): Promise<void>
}

/** Answers with what it received; its CORS headers are another deployment's. */
const api = `
export default {
  async fetch(request) {
    if (request.headers.get('upgrade') === 'websocket') {
      const { 0: client, 1: server } = new WebSocketPair()
      server.accept()
      server.addEventListener('message', ({ data }) => server.send('echo ' + data))
      return new Response(null, { status: 101, webSocket: client })
    }
    const { method, url, headers } = request
    const sent = Object.fromEntries(headers)
    const headersOut = { 'x-total-count': '7', 'access-control-allow-origin': 'https://other.example',
      'access-control-expose-headers': 'X-Total-Count' }
    const { host, pathname, search } = new URL(url)
    const body = { method, host, path: pathname + search, headers: sent, body: await request.text() }
    return Response.json(body, { headers: headersOut })
  },
}`

const password = 'a-password-of-this-test'

/** @param page the origin that CORS is configured for. */
export async function startWorkers(page: string): Promise<Workers> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-gateway-'))
  const [closedPort, openPort, prefixedPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const ports = { open: String(openPort), prefixed: String(prefixedPort) }
  const closed = `http://localhost:${closedPort}`
  const latchkey = {
    ...workerOptions({ BASE_URL: closed }),
    name: 'latchkey',
    rootPath: folder,
    ...(await bundle({
      folder,
      entry: join(root, 'test', 'system', 'gateway', 'worker.ts'),
      define: { PAGE: JSON.stringify(page), PORTS: JSON.stringify(ports) },
    })),
    serviceBindings: { API: 'api' },
    outboundService: 'api',
    unsafeDirectSockets: [closedPort, openPort, prefixedPort].map((port) => ({
      host: 'localhost',
      port,
    })),
  }
  const workers = [latchkey, { name: 'api', modules: true, script: api }]
  const miniflare = new Miniflare(convertV4MiniflareOptions({ workers } as never))
  await miniflare.ready
  await migrate(miniflare, { worker: 'latchkey' })
  await seed(miniflare, password, 'latchkey')
  const send = sendTo(closed)
  const jwt = await jwtOf(send, await signIn(send, closed, demoOwner(password)))
  return {
    closed,
    open: `http://localhost:${openPort}`,
    prefixed: `http://localhost:${prefixedPort}`,
    async createKey(body = {}) {
      const headers = { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: JSON.stringify({ name: 'A key', ...body }) }
      const response = await send('/api/api-keys', init)
      if (!response.ok) throw new Error(await response.text())
      return ((await response.json()) as { data: { key: string } }).data.key
    },
    async stop() {
      await miniflare.dispose()
      removeFolder(folder)
    },
  }
}
