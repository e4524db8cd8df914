// Two Latchkeys: one from `npm start`, and one in workerd alone, without wrangler's proxies in front, which
// resolve dot segments and change headers.
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { freePort } from '../../../scripts/free-port.ts'
import { bundle } from '../../support/system/bundle.ts'
import { root, secretOf } from '../../support/system/launch.ts'
import { migrate, seed } from '../../support/system/migrate.ts'
import { sharedLatchkey } from '../../support/system/shared.ts'
import { workerOptions } from '../../support/system/worker-options.ts'

export type Latchkey = { port: number; password: string; stop(): Promise<void> }

/** The Latchkey that all test files share. */
export async function shareLatchkey(): Promise<Latchkey> {
  const { port } = new URL(await sharedLatchkey())
  return { port: Number(port), password: secretOf('DEMO_PASSWORD'), stop: async () => {} }
}

/** test/system/proxies/worker.ts, with its gateway in front of `upstream`. */
export async function startInWorkerd(folder: string, upstream: string): Promise<Latchkey> {
  const port = await freePort()
  const worker = {
    ...workerOptions({ BASE_URL: `http://127.0.0.1:${port}` }),
    rootPath: folder,
    ...(await bundle({
      folder,
      entry: join(root, 'test', 'system', 'proxies', 'worker.ts'),
      define: { UPSTREAM: JSON.stringify(upstream) },
    })),
    unsafeDirectSockets: [{ host: '127.0.0.1', port }],
  }
  const miniflare = new Miniflare(convertV4MiniflareOptions({ workers: [worker] } as never))
  await miniflare.ready
  const password = 'a-password-of-this-test'
  await migrate(miniflare)
  await seed(miniflare, password)
  return { port, password, stop: () => miniflare.dispose() }
}
