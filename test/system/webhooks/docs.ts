// Runs the receiver of docs/webhooks.md, unchanged.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { untilListening } from '../../support/system/until.ts'

const root = join(import.meta.dirname, '..', '..', '..')

export type Documented = { output: () => string; stop: () => Promise<void> }

export async function runDocumented(port: number, secret: string): Promise<Documented> {
  const page = readFileSync(join(root, 'docs/webhooks.md'), 'utf8')
  const code = /```js\n(.+?)```/s.exec(page)?.[1]
  if (code === undefined) throw new Error('docs/webhooks.md has no receiver.')
  // Within the repository, so that its import resolves.
  const folder = mkdtempSync(join(root, '.wrangler', 'docs-'))
  const file = join(folder, 'receiver.mjs')
  writeFileSync(file, code)
  const env = { ...process.env, PORT: String(port), LATCHKEY_WEBHOOK_SECRET: secret }
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  await untilListening(port, child)
  return {
    output: () => output,
    async stop() {
      child.kill()
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}
