// The Worker in workerd on a socket of its own: nothing in front of it normalizes a path, as wrangler's proxies do.
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { freePort } from '../../../scripts/free-port.ts'
import { bundle } from '../../support/system/bundle.ts'
import { migrate, seed } from '../../support/system/migrate.ts'
import { workerOptions } from '../../support/system/worker-options.ts'

export type Workerd = {
  port: number
  origin: string
  db: Awaited<ReturnType<Miniflare['getD1Database']>>
  stop(): Promise<void>
}

/** With the demo accounts, whose people sign in with `password`. */
export async function startWorkerd(password: string): Promise<Workerd> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-edges-'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const worker = {
    ...workerOptions({ BASE_URL: origin }),
    rootPath: folder,
    ...(await bundle({ folder: join(folder, 'worker') })),
    unsafeDirectSockets: [{ host: '127.0.0.1', port }],
  }
  const miniflare = new Miniflare(convertV4MiniflareOptions({ workers: [worker] } as never))
  await miniflare.ready
  await migrate(miniflare)
  await seed(miniflare, password)
  return {
    port,
    origin,
    db: await miniflare.getD1Database('DB'),
    async stop() {
      await miniflare.dispose()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type RawRequest = {
  method: string
  target: string
  headers?: Record<string, string>
  body?: string
}

export type RawAnswer = { status: number; head: string; body: string }

/** Writes the target as it is, byte for byte (latin1), and reads until the server closes. */
export function sendRaw(port: number, { method, target, headers = {}, body }: RawRequest) {
  const all = {
    host: `127.0.0.1:${port}`,
    connection: 'close',
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  const head = [`${method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n')
  return new Promise<RawAnswer>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const parts: Buffer[] = []
    socket.setTimeout(20_000, () => socket.destroy(new Error(`${target}: no answer within 20 s`)))
    socket.on('data', (part) => parts.push(part))
    socket.on('error', reject)
    socket.on('close', () => resolve(answerOf(Buffer.concat(parts).toString())))
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body ?? '')]))
  })
}

function answerOf(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, end)
  return { status: Number(head.split(' ')[1]), head, body: text.slice(end + 4) }
}
