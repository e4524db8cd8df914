// What others install: dist/client and the lines of package.json that lead to it. Its size, its types
// as TypeScript resolves them outside this repository, and that Node imports it.
import { equal, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from './test-apps.ts'

const maxBytes = 3_000

const consumer = `
import { Hono } from 'hono'
import { apiKey, type ApiKeyVariables } from 'latchkey/hono'
import { createClient, LatchkeyError } from 'latchkey/client'

const app = new Hono<{ Variables: ApiKeyVariables }>()
app.use(apiKey({ url: 'https://keys.example', key: 'k', scopes: ['contacts:read'] }))
app.get('/', (c) => c.text(c.var.apiKey.account.name))
new Hono().get('/open', apiKey({ url: 'https://keys.example', key: 'k', optional: true }), (c) => {
  // @ts-expect-error: it may be undefined
  return c.text(c.var.apiKey.name)
})
for await (const key of createClient({ url: 'https://keys.example', key: 'k' }).list()) {
  const status: 'active' | 'expired' | 'revoked' | 'disabled' = key.status
  console.log(status, LatchkeyError)
}
`

export function testPackage(): void {
  let folder: string
  before(() => {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const built = spawnSync(process.execPath, [tsc, '-p', 'packages/latchkey/src'], { cwd: root })
    equal(built.status, 0, String(built.stdout))
    folder = mkdtempSync(join(tmpdir(), 'latchkey-package-'))
    const installed = join(folder, 'node_modules', 'latchkey')
    mkdirSync(installed, { recursive: true })
    cpSync(join(root, 'package.json'), join(installed, 'package.json'))
    cpSync(join(root, 'dist', 'client'), join(installed, 'dist', 'client'), { recursive: true })
    symlinkSync(join(root, 'node_modules', 'hono'), join(folder, 'node_modules', 'hono'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder })
    equal(status, 0, `${stdout}${stderr}`)
    return String(stdout)
  }

  it(`latchkey/hono is under ${maxBytes} bytes compressed, and imports nothing`, async () => {
    const entry = join(root, 'dist', 'client', 'hono.js')
    const { outputFiles, metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      metafile: true,
    })
    const inputs = Object.values(metafile.inputs).flatMap(({ imports }) => imports)
    ok(
      inputs.every(({ external }) => !external),
      JSON.stringify(inputs),
    )
    const bytes = gzipSync(outputFiles[0]?.contents ?? '').length
    ok(bytes > 500 && bytes < maxBytes, `${bytes} bytes`)
  })

  it('names no file of Latchkey itself', () => {
    for (const name of readdirSync(join(root, 'dist', 'client'))) {
      const text = readFileSync(join(root, 'dist', 'client', name), 'utf8')
      for (const [, from] of text.matchAll(/from '([^']+)'/g)) {
        ok(from === 'hono' || from?.startsWith('./'), `${name} imports ${from}`)
      }
    }
  })

  for (const moduleResolution of ['bundler', 'nodenext']) {
    it(`has its types under moduleResolution ${moduleResolution}`, () => {
      const module = moduleResolution === 'bundler' ? 'esnext' : 'nodenext'
      const lib = ['es2024', 'dom', 'dom.iterable']
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2024',
        lib,
        types: [],
        strict: true,
        noEmit: true,
      }
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
      writeFileSync(join(folder, 'app.ts'), consumer)
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: ['app.ts'] }),
      )
      run(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder)
    })
  }

  it('is imported by Node as it is', () => {
    const program = `
      import { apiKey } from 'latchkey/hono'
      import { createClient } from 'latchkey/client'
      console.log(typeof apiKey({}), typeof createClient({ url: 'https://keys.example', key: 'k' }).list)`
    equal(run('--input-type=module', '--eval', program).trim(), 'function function')
  })
}
