// Follows docs/integrate/nginx.md, caddy.md and haproxy.md from an empty folder to a refused and an accepted request. Only the ports
// are others, and the packages of Debian are there already.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { freePort } from '../../../scripts/free-port.ts'
import { untilListening } from '../../support/system/until.ts'
import { signIn } from './client.ts'
import { root } from './programs.ts'
import type { Scene } from './scene.ts'

const claim = 'run by test/system/proxies/pages.ts'
const limitMs = 60_000

type Step = { language: string; text: string; file: string | null }
type Ports = [from: string, to: string][]

export function testPages(scene: Scene): void {
  for (const page of ['nginx', 'caddy', 'haproxy']) {
    it(`${page}.md leads to a refused and an accepted request`, { timeout: limitMs }, (t) =>
      follow(page, scene(), t),
    )
  }
}

async function follow(page: string, { latchkey, folder }: ReturnType<Scene>, t: TestContext) {
  const startedAt = Date.now()
  const owner = await signIn(latchkey.port, latchkey.password)
  const { key } = await owner.makeKey({ scopes: ['contacts:read'] })
  const cwd = join(folder, `page-${page}`)
  mkdirSync(cwd)
  const [api, proxy, admin] = [await freePort(), await freePort(), await freePort()]
  const ports: Ports = [
    ['8787', String(latchkey.port)],
    ['3000', String(api)],
    ['8080', String(proxy)],
    ['abns@latchkey', `abns@latchkey-${proxy}`],
  ]
  const env = { CLONE: root, KEY: key, CADDY_ADMIN: `localhost:${admin}`, HOME: cwd }
  const steps = stepsOf(page)
  const [install, , serve, ask] = steps
  assert.equal(steps.length, 4)
  let running: ChildProcess | null = null
  try {
    // The first line installs Debian's package, which ensurePrograms has done.
    const [apt = '', ...copy] = install?.text.trim().split('\n') ?? []
    assert.equal(apt, `apt-get install -y ${page}`)
    await ended(shell(copy.join('\n'), cwd, env))
    writeFileSync(join(cwd, steps[1]?.file ?? ''), steps[1]?.text ?? '')
    replacePorts(cwd, ports)
    running = shell(serve?.text ?? '', cwd, env)
    await untilListening(api, running)
    await untilListening(proxy, running)
    const output = await ended(shell(inPorts(ask?.text ?? '', ports), cwd, env))
    const answered = [...output.matchAll(/HTTP\/\S+ (\d{3}) /g)].map(([, status]) => status)
    assert.deepEqual(answered, ['401', '200'], output)
    assert.match(output, /"code":"missing_credential"/)
    assert.match(output, /\{"account":"[0-9a-f-]{36}"\}/)
    t.diagnostic(`${steps.length} blocks, ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
  } finally {
    if (running?.pid) process.kill(-running.pid, 'SIGKILL')
  }
}

function stepsOf(page: string): Step[] {
  const text = readFileSync(join(root, 'docs', 'integrate', `${page}.md`), 'utf8')
  const block = new RegExp(
    `(?:^\`([\\w.-]+)\`[^\\n]*:\\n\\n)?^<!-- ${claim} -->\\n\`\`\`(\\w+)\\n(.*?)^\`\`\`$`,
    'gms',
  )
  return [...text.matchAll(block)].map(([, file = null, language = '', code = '']) => {
    return { language, text: code, file }
  })
}

/** In the files of the page, its own and the copied ones. */
function replacePorts(folder: string, ports: Ports): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    writeFileSync(path, inPorts(readFileSync(path, 'utf8'), ports))
  }
}

function inPorts(text: string, ports: Ports): string {
  return ports.reduce((all, [from, to]) => all.replaceAll(from, to), text)
}

/** In a process group of its own, so that a shell and its programs end together. */
function shell(script: string, cwd: string, env: Record<string, string>): ChildProcess {
  const options = { cwd, env: { ...process.env, ...env }, detached: true }
  return spawn('bash', ['-euo', 'pipefail', '-c', script], options)
}

async function ended(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout?.on('data', (data) => (output += data))
  child.stderr?.on('data', (data) => (output += data))
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(code, 0, output)
  return output
}
