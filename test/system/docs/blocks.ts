// Every code block runs: shell here, against a real `npm start`; others in the test that the comment above the
// block names, which reads it from the page. A block that cannot run gives the reason.
import { equal, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, it } from 'node:test'
import { root, type Server, startLatchkey } from '../../support/system/launch.ts'
import { createManagingKey } from './managing-key.ts'
import type { Block, Page } from './pages.ts'

/** Rendered or shown, not run. */
const notCode = new Set(['mermaid', 'text'])
const shipped = 'http://localhost:8787'
const limitMs = 600_000

export function testBlocks(pages: readonly Page[]): void {
  let server: Server
  let folder: string
  let key: string

  before(async () => {
    server = await startLatchkey({ config: 'shipped', command: 'npm start', mail: true })
    key = await createManagingKey(server.url)
    folder = mkdtempSync(join(tmpdir(), 'latchkey-docs-'))
    for (const name of readdirSync(root)) symlinkSync(join(root, name), join(folder, name))
  })
  after(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  for (const page of pages) {
    const own = page.blocks.filter(isRunHere)
    if (own.length > 0) {
      it(`${page.path}: its ${own.length} shell blocks run`, async () => {
        const script = own.map(({ text }) => text.replaceAll(shipped, server.url)).join('\n')
        const { code, output } = await bash(script, folder, envOf(server, key))
        equal(code, 0, `${script}\n---\n${output}`)
        expectInOrder(output, own)
      })
    }
    for (const block of page.blocks) {
      if (own.includes(block) || isStart(block) || notCode.has(block.language)) continue
      it(`${page.path}:${block.line}: ${block.language} is run by a test, or gives a reason`, () => {
        checkClaim(page, block)
      })
    }
  }
}

/** A command of this clone finds the server's database as it finds that of `npm start`. */
function envOf({ url, port, stateDir }: Server, key: string): Record<string, string> {
  return { BASE: url, KEY: key, PORT: String(port), LATCHKEY_STATE: stateDir }
}

function isRunHere(block: Block): boolean {
  return block.language === 'sh' && block.claim === null && !isStart(block)
}

/** Run before all others, for all pages. */
function isStart({ text }: Block): boolean {
  return /^npm start\b[^\n]*\n$/.test(text)
}

function checkClaim(page: Page, { claim }: Block): void {
  const reason = claim?.match(/^not run: (.+)$/)?.[1]
  if (reason !== undefined) return
  const file = claim?.match(/^run by (\S+)$/)?.[1]
  ok(file !== undefined, 'neither <!-- run by FILE --> nor <!-- not run: WHY --> precedes it')
  const text = readFileSync(join(root, file), 'utf8')
  const name = basename(page.path) === 'README.md' ? 'README.md' : basename(page.path, '.md')
  ok(text.includes(name.replace(/^moving-from-/, '')), `${file} does not name ${page.path}`)
}

/** The text after each "# →" must be in the output, in this order. */
function expectInOrder(output: string, blocks: readonly Block[]): void {
  let from = 0
  for (const [, expected = ''] of blocks.flatMap(({ text }) => [...text.matchAll(/# → (.+)$/gm)])) {
    const at = output.indexOf(expected.trim(), from)
    ok(at >= 0, `"${expected}" is not in the rest of:\n${output.slice(from)}`)
    from = at + expected.trim().length
  }
}

async function bash(
  script: string,
  cwd: string,
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const options = { cwd, env: { ...process.env, ...env }, detached: true }
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], options)
  // Its children keep the output open: the whole group must end.
  const timer = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), limitMs)
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  return { code, output }
}
