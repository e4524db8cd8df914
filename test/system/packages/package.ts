// packages/latchkey as published: `npm pack`, then installed into an empty project. Checks the contents of the
// tarball, its dependencies, its size, its types as TypeScript resolves them, and its import in Node.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from '../../support/system/launch.ts'

const maxBytes = 3_000

const consumer = `
import { Hono } from 'hono'
import { apiKey, type ApiKeyVariables, type LatchkeyBinding } from 'latchkey/hono'
import { createClient, LatchkeyError, type VerifyAnswer } from 'latchkey/client'

const app = new Hono<{ Variables: ApiKeyVariables }>()
app.use(apiKey({ url: 'https://keys.example', key: 'k', scopes: ['contacts:read'] }))
app.get('/', (c) => c.text(c.var.apiKey.account.name))
new Hono().get('/open', apiKey({ url: 'https://keys.example', key: 'k', optional: true }), (c) => {
  // @ts-expect-error: it may be undefined
  return c.text(c.var.apiKey.name)
})
new Hono<{ Bindings: { LATCHKEY: LatchkeyBinding } }>().use(apiKey())
for await (const key of createClient({ url: 'https://keys.example', key: 'k' }).list()) {
  const status: 'active' | 'expired' | 'revoked' | 'disabled' = key.status
  console.log(status, LatchkeyError)
}
function missingScopes(answer: VerifyAnswer): string[] {
  return answer.code === 'insufficient_scope' ? answer.missing_scopes : []
}
console.log(missingScopes)
`

export function testPackage(): void {
  let folder: string
  let installed: string

  const run = (program: string, args: string[], cwd = folder) => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' })
    equal(status, 0, `${stdout}${stderr}`)
    return stdout
  }
  const modules = () => readdirSync(join(folder, 'node_modules')).filter((name) => name[0] !== '.')
  const dist = () => readdirSync(join(installed, 'dist'))
  const text = (name: string) => readFileSync(join(installed, 'dist', name), 'utf8')

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-package-'))
    installed = join(folder, 'node_modules', 'latchkey')
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    // An earlier dist must not replace the one that `prepack` builds.
    const source = join(root, 'packages', 'latchkey')
    rmSync(join(source, 'dist'), { recursive: true, force: true })
    run('npm', ['pack', '--pack-destination', folder], source)
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${tarball}`])
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('has no dependencies', () => {
    deepEqual(modules(), ['latchkey'])
  })

  it('contains code and types, and no sources', () => {
    deepEqual(readdirSync(installed).sort(), ['LICENSE', 'README.md', 'dist', 'package.json'])
    for (const entry of ['hono', 'client']) {
      ok(dist().includes(`${entry}.js`) && dist().includes(`${entry}.d.ts`), dist().join())
    }
    for (const name of dist()) match(name, /\.(js|d\.ts)$/)
  })

  it('imports only types of hono', () => {
    for (const name of dist()) {
      for (const [, from = ''] of text(name).matchAll(/(?:from|import)\s*\(?["']([^"']+)["']/g)) {
        ok(from.startsWith('./') || (from === 'hono' && name.endsWith('.d.ts')), `${name}: ${from}`)
      }
    }
  })

  it(`latchkey/hono is under ${maxBytes} bytes, minified and compressed`, async () => {
    const { outputFiles } = await build({
      entryPoints: [join(installed, 'dist', 'hono.js')],
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
    })
    const bytes = gzipSync(outputFiles[0]?.contents ?? '').length
    ok(bytes > 500 && bytes < maxBytes, `${bytes} bytes`)
  })

  for (const moduleResolution of ['bundler', 'nodenext']) {
    it(`resolves its types with moduleResolution ${moduleResolution}`, () => {
      linkHono()
      const sources: Record<string, string> = { 'app.ts': consumer, ...readmeBlocks() }
      const compilerOptions = {
        module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
        moduleResolution,
        target: 'es2024',
        lib: ['es2024', 'dom', 'dom.iterable'],
        types: [],
        strict: true,
        noEmit: true,
      }
      const tsconfig = { compilerOptions, files: Object.keys(sources) }
      for (const [name, code] of Object.entries(sources)) writeFileSync(join(folder, name), code)
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
      run(process.execPath, [tsc, '-p', folder])
    })
  }

  it('can be imported by Node without a build', () => {
    const program = `
      import { apiKey } from 'latchkey/hono'
      import { createClient } from 'latchkey/client'
      console.log(typeof apiKey({}), typeof createClient({ url: 'https://keys.example', key: 'k' }).list)`
    const output = run(process.execPath, ['--input-type=module', '--eval', program])
    equal(output.trim(), 'function function')
  })

  it('ignores CF-Connecting-IP under Node, and uses only clientAddress', () => {
    linkHono()
    const program = `
      import { Hono } from 'hono'
      import { apiKey } from 'latchkey/hono'
      const addresses = []
      const fetch = async (_, { body }) => {
        addresses.push(JSON.parse(body).ip)
        return new Response(null, { status: 503 })
      }
      const options = { url: 'https://keys.example', key: 'k', fetch }
      const headers = { 'x-api-key': 'x', 'cf-connecting-ip': '192.0.2.1', 'x-real-ip': '192.0.2.2' }
      for (const more of [{}, { clientAddress: (c) => c.req.header('x-real-ip') }]) {
        await new Hono().use(apiKey({ ...options, ...more })).request('/', { headers })
      }
      console.log(JSON.stringify(addresses))`
    const output = run(process.execPath, ['--input-type=module', '--eval', program])
    equal(output.trim(), '[null,"192.0.2.2"]')
  })

  /** The examples of README.md, by file name. */
  function readmeBlocks(): Record<string, string> {
    const page = readFileSync(join(installed, 'README.md'), 'utf8')
    const blocks = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code)
    ok(blocks.length > 0, 'README.md has no example')
    return Object.fromEntries(blocks.map((code, at) => [`readme-${at}.ts`, code]))
  }

  /** The app's own hono, which the types of `latchkey/hono` need. */
  function linkHono(): void {
    if (modules().includes('hono')) return
    symlinkSync(join(root, 'node_modules', 'hono'), join(folder, 'node_modules', 'hono'))
  }
}
