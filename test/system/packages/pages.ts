// Follows the pages of docs/integrate from an empty folder: express, fastify, hono-node, hono-workers, next and web (Bun, Deno,
// Elysia, SvelteKit), with the tarball in the place of `latchkey`, python and go. Then the same installation answers test/conformance.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, it } from 'node:test'
import { freePort } from '../../../scripts/free-port.ts'
import { root, type Server, startLatchkey } from '../../support/system/launch.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { until } from '../../support/system/until.ts'
import { type Fake, type Real, startFake } from './conformance.ts'
import { checkLanguage, inTestServer, languages, missingLanguage } from './languages.ts'
import { programs } from './programs.ts'
import { createKeys } from './real-keys.ts'
import { type Running, runShell, startShell } from './shell.ts'
import { checkColumn, table } from './table.ts'
import { packed } from './tarball.ts'

/** A page, or a section of one. */
const scenarios = [
  'express',
  'fastify',
  'hono-node',
  'hono-workers',
  'next',
  'web#Bun',
  'web#Deno',
  'web#Elysia',
  'web#SvelteKit',
  'python',
  'python#ASGI',
  'go',
]

export const servers: typeof programs = { ...programs, ...languages }

type Step = { kind: 'file' | 'install' | 'serve' | 'ask'; text: string; file: string | null }

export function testPages(): void {
  let latchkey: Server
  let real: Real
  let fake: Fake
  let tools: string
  const measured: string[] = []

  before(async () => {
    tools = mkdtempSync(join(tmpdir(), 'latchkey-tools-'))
    // The Worker of hono-workers finds Latchkey in it, and no other test's.
    const registry = { WRANGLER_REGISTRY_PATH: join(tools, 'registry') }
    latchkey = await startLatchkey({ config: 'shipped', env: registry })
    real = await createKeys(latchkey.url)
    fake = await startFake(real)
    writeFileSync(join(tools, 'cases.json'), JSON.stringify(fake))
    const install = 'npm init -y > /dev/null && npm install --no-audit --no-fund bun deno'
    await runShell(install, { cwd: tools, env: {} })
  })
  after(async () => {
    fake.stop()
    await latchkey.stop()
    removeFolder(tools)
    console.log(['page: code blocks, seconds', ...measured, '', ...table()].join('\n'))
  })

  for (const scenario of scenarios) {
    it(`docs/integrate: ${scenario}`, { skip: missingLanguage(scenario) }, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'latchkey-page-'))
      const port = await freePort()
      const env = {
        ...{ LATCHKEY_URL: latchkey.url, LATCHKEY_KEY: real.server.good, KEY: real.client.good },
        ...{
          CASES: join(tools, 'cases.json'),
          PORT: String(port),
          CLONE: root,
          MANAGER: real.manager,
        },
        WRANGLER_REGISTRY_PATH: join(tools, 'registry'),
        PATH: [join(tools, 'node_modules', '.bin'), ...pathFor(scenario)].join(':'),
      }
      const running: Running[] = []
      try {
        const began = Date.now()
        const steps = stepsOf(scenario)
        const server = await follow(steps, { scenario, folder, port, env }, running)
        measured.push(`${scenario}: ${steps.length}, ${Math.round((Date.now() - began) / 1000)} s`)
        await checkLanguage(scenario, folder, env)
        for (const [framework, program] of Object.entries(servers[scenario] ?? {})) {
          await t.test(`${framework}: test/conformance`, async () => {
            if (program.install !== undefined) {
              await runShell(`npm install --no-audit --no-fund ${program.install}`, {
                cwd: folder,
                env,
              })
            }
            write(folder, program.files)
            const own = await freePort()
            const at = { cwd: folder, env: { ...env, PORT: String(own) } }
            if (program.command !== null) running.push(await startShell(program.command, at, own))
            const base = `http://localhost:${program.command === null ? server : own}${program.path ?? ''}`
            await checkColumn(framework, base, real)
            if (program.throws === false) return
            const thrown = await fetch(`${base}/throws`)
            await thrown.text()
            equal(thrown.status, 500, 'a LatchkeyError that a handler throws')
          })
        }
      } finally {
        for (const each of running) each.stop()
        removeFolder(folder)
      }
    })
  }
}

/** The Node of the machine, which may be 20; wrangler needs the one of this repository then. */
function pathFor(scenario: string): string[] {
  const entries = (process.env.PATH ?? '').split(':')
  if (scenario === 'hono-workers') return [join(root, 'node_modules', '.bin'), ...entries]
  return entries.filter((entry) => !entry.startsWith(root))
}

type Place = { scenario: string; folder: string; port: number; env: Record<string, string> }

/** Where the page's own server answers the cases: it would notice later files after a while only. */
function writeOwnCases(scenario: string, folder: string): void {
  for (const { command, files } of Object.values(servers[scenario] ?? {})) {
    if (command === null) write(folder, files)
  }
}

/** Does what the page says. @returns the port of its server. */
async function follow(
  steps: readonly Step[],
  { scenario, folder, port, env }: Place,
  running: Running[],
): Promise<number> {
  let serve: (() => Promise<Running>) | null = null
  for (const { kind, text, file } of steps) {
    const own = text.replaceAll('3000', String(port))
    if (kind === 'file') write(folder, { [file ?? '']: own })
    if (kind === 'install') {
      ok(/^(?:npm install|bun add) .*\blatchkey\b|^cp "\$CLONE"\//m.test(own), own)
      const script = own.replace(/^((?:npm install|bun add) .*)\blatchkey\b/m, `$1${packed()}`)
      await runShell(script, { cwd: folder, env })
    }
    if (kind === 'serve') {
      writeOwnCases(scenario, folder)
      serve = () => startShell(inTestServer(own), { cwd: folder, env }, port)
      running.push(await serve())
    }
    if (kind === 'ask') {
      const expected = [...own.matchAll(/# → (\d+)$/gm)].map(([, status]) => status)
      let { output, answered } = await askCompiled(own, { cwd: folder, env })
      if (answered.includes('500') && serve !== null) {
        // SvelteKit's development server was seen to fail for ever on a loaded machine. Once more, with what it says.
        console.log(`${scenario} answers 500:\n${running.at(-1)?.output()}`)
        running.pop()?.stop()
        running.push(await serve())
        ;({ output, answered } = await askCompiled(own, { cwd: folder, env }))
      }
      deepEqual(answered, expected, `${output}\n${running.at(-1)?.output()}`)
      deepEqual(expected, ['401', '200'])
      match(output, /"account":"Acme Inc"/)
    }
  }
  return port
}

/** A development server may fail until it has compiled what it serves, which takes a loaded machine a while. */
async function askCompiled(script: string, options: Parameters<typeof runShell>[1]) {
  let asked = await ask(script, options)
  await until(async () => {
    if (asked.answered.includes('500')) asked = await ask(script, options)
    return !asked.answered.includes('500')
  }, 500)
  return asked
}

async function ask(script: string, options: Parameters<typeof runShell>[1]) {
  const output = await runShell(script, options)
  const answered = [...output.matchAll(/HTTP\/\S+ (\d{3}) /g)].map(([, status]) => status)
  return { output, answered }
}

/** The steps of a page up to the first that asks the server: what follows is beside the way. */
function stepsOf(scenario: string): Step[] {
  const [page = '', section] = scenario.split('#')
  const all = readFileSync(join(root, 'docs', 'integrate', `${page}.md`), 'utf8')
  const part =
    section === undefined
      ? all
      : (all.split(/^## /m).find((s) => s.startsWith(`${section}\n`)) ?? '')
  const blocks = part.matchAll(
    /(?:^`([\w./+-]+)`[^\n]*:\n\n)?^<!-- run by \S+ -->\n```(\w+)\n(.*?)^```$/gms,
  )
  const steps = [...blocks].map(([, file = null, language, text = '']) => {
    return { kind: kindOf(language ?? '', text), text, file }
  })
  const last = steps.findIndex(({ kind }) => kind === 'ask')
  ok(last > 0, `${scenario} asks nothing`)
  return steps.slice(0, last + 1)
}

function kindOf(language: string, text: string): Step['kind'] {
  if (language !== 'sh') return 'file'
  if (text.includes('# →')) return 'ask'
  return /^(?:npm install|bun add|cp)/m.test(text) ? 'install' : 'serve'
}

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}
