// Runs once before all test files (node --test --test-global-setup): serves an address that returns the URL of
// the Latchkey that all files share. The first request starts it.
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildDashboard } from '../../../scripts/dashboard.ts'
import { ensureDevVars } from '../../../scripts/dev-vars.ts'
import { root, type Server, startLatchkey } from './launch.ts'
import { removeFolder } from './remove-folder.ts'

let shared: Promise<Server> | null = null
// Of the package: the first file that needs it packs it there.
const tarball = mkdtempSync(join(tmpdir(), 'latchkey-tarball-'))

const broker = createServer((_, response) => {
  shared ??= startLatchkey()
  shared.then(
    ({ url }) => response.end(url),
    (error) => response.writeHead(500).end(String(error)),
  )
})

export async function globalSetup(): Promise<void> {
  // Here, since two files that build it would write to the same folder.
  buildDashboard()
  // Tests read its secrets before they start a server.
  ensureDevVars(join(root, '.dev.vars'))
  broker.listen(0, '127.0.0.1')
  await once(broker, 'listening')
  process.env.LATCHKEY_TARBALL = tarball
  process.env.LATCHKEY_BROKER = `http://127.0.0.1:${(broker.address() as AddressInfo).port}`
}

export async function globalTeardown(): Promise<void> {
  broker.close()
  await (await shared)?.stop()
  removeFolder(tarball)
}
