// packages/latchkey as published: packed, then installed into an empty project. Checks the contents of the tarball, its
// dependencies, its sizes, its types as each resolution of TypeScript finds them, and that Node imports and requires it.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from '../../support/system/launch.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { packed, run } from './tarball.ts'

const entries = ['index', 'hono', 'express', 'fastify', 'next', 'web']
/** Minified and compressed. */
const maxBytes: Record<string, number> = { index: 6_000, hono: 3_000 }
/** Of these the types are imported, and no code. */
const frameworks = ['hono', 'express', 'fastify']

const consumer = `
import express = require('express')
import fastify from 'fastify'
import { Hono } from 'hono'
import { createClient, LatchkeyError, type VerifyAnswer } from 'latchkey'
import { apiKey as expressKey } from 'latchkey/express'
import { apiKey as fastifyKey } from 'latchkey/fastify'
import { apiKey, type ApiKeyVariables, type LatchkeyBinding } from 'latchkey/hono'
import { apiKey as nextKey, apiKeyProxy } from 'latchkey/next'
import { apiKey as webKey } from 'latchkey/web'

const at = { url: 'https://keys.example', key: 'k' }
const app = new Hono<{ Variables: ApiKeyVariables }>()
app.use(apiKey({ ...at, scopes: ['contacts:read'] }))
app.get('/', (c) => c.text(c.var.apiKey.account.name))
new Hono().get('/open', apiKey({ ...at, optional: true }), (c) => {
  // @ts-expect-error: it may be undefined
  return c.text(c.var.apiKey.name)
})
new Hono<{ Bindings: { LATCHKEY: LatchkeyBinding } }>().use(apiKey())
express().get('/:id', expressKey({ ...at, scopes: ({ params }) => ['contacts:read#' + params.id] }), (request, response) => {
  const name: string | undefined = request.apiKey?.account.name
  response.json({ name })
})
fastify().get('/', { onRequest: fastifyKey(at) }, (request) => request.apiKey?.account.name)
export const GET = nextKey(at)((request, { id }, context: { params: Promise<{ id: string }> }) =>
  Response.json({ id, context, url: request.url }))
const served: (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response> = GET
const proxied: (request: Request) => Promise<Response | undefined> = apiKeyProxy(at)
const check = webKey(at)
export async function handle(request: Request): Promise<Response> {
  const caller = await check(request, { clientAddress: '192.0.2.1' })
  return caller instanceof Response ? caller : Response.json({ account: caller.account.name })
}
export async function list(): Promise<void> {
  for await (const key of createClient(at).list()) {
    const status: 'active' | 'expired' | 'revoked' | 'disabled' = key.status
    console.log(status, LatchkeyError, served, proxied)
  }
}
export function missingScopes(answer: VerifyAnswer): string[] {
  return answer.code === 'insufficient_scope' ? answer.missing_scopes : []
}
// @ts-expect-error: key is missing
nextKey({ url: 'https://keys.example' })
`

/** Module, resolution and the name of the file, whose ending decides how Node reads it. */
const resolutions = [
  ['esnext', 'bundler', 'app.ts'],
  ['nodenext', 'nodenext', 'app.mts'],
  ['nodenext', 'nodenext', 'app.cts'],
] as const

function versionOf(folder: string): string {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
}

export function testPackage(): void {
  let folder: string
  let installed: string

  const modules = () => readdirSync(join(folder, 'node_modules')).filter((name) => name[0] !== '.')
  const files = (...folder: string[]) =>
    readdirSync(join(installed, 'dist', ...folder), { withFileTypes: true })
      .filter((each) => each.isFile())
      .map(({ name }) => name)
  const dist = () => files()
  const text = (name: string) => readFileSync(join(installed, 'dist', name), 'utf8')
  const node = (program: string, type: 'module' | 'commonjs') =>
    run(process.execPath, [`--input-type=${type}`, '--eval', program], folder).trim()

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-package-'))
    installed = join(folder, 'node_modules', 'latchkey')
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', packed()], folder)
  })
  after(() => removeFolder(folder))

  it('adds one package, with no dependencies', () => {
    deepEqual(modules(), ['latchkey'])
  })

  it('contains code and types, and no sources', () => {
    const contents = ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']
    deepEqual(readdirSync(installed).sort(), contents)
    for (const entry of entries) {
      for (const ending of ['js', 'cjs', 'd.ts', 'd.cts']) ok(dist().includes(`${entry}.${ending}`))
    }
    for (const name of dist()) match(name, /\.(c?js|d\.c?ts)$/)
    for (const name of files('cli')) match(name, /^(LICENCES\.txt|[\w-]+\.js)$/)
  })

  it('passes publint and arethetypeswrong', () => {
    const program = (name: string) => join(root, 'node_modules', '.bin', name)
    match(run(program('publint'), ['run', packed(), '--strict'], folder), /All good/)
    // Node 10 has no exports.
    const checks = ['--profile', 'node16', '--no-emoji', '--format', 'ascii']
    const found = run(program('attw'), [packed(), ...checks], folder)
    for (const module of ['CJS', 'ESM']) {
      equal(found.split(`OK (${module})`).length - 1, entries.length, found)
    }
  })

  it('has a README whose links work outside the repository', () => {
    const page = readFileSync(join(installed, 'README.md'), 'utf8')
    const links = [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to)
    deepEqual(
      links.filter((to) => !/^(https:|#)/.test(to)),
      [],
    )
    const paths = links.flatMap((to) => to.split('/blob/main/')[1] ?? [])
    ok(paths.length > 5)
    for (const path of paths) readFileSync(join(root, path))
  })

  it('imports only types of the frameworks', () => {
    for (const name of dist()) {
      const imports = text(name).matchAll(
        /\b(?<!["'])(?:from|import|require)\s*\(?["']([^"']+)["']/g,
      )
      for (const [, from = ''] of imports) {
        const isType = /\.d\.c?ts$/.test(name) && frameworks.includes(from)
        ok(from.startsWith('./') || isType, `${name}: ${from}`)
      }
    }
  })

  it('has a command that imports only Node, and brings the licences of what is bundled', () => {
    for (const name of files('cli').filter((each) => each.endsWith('.js'))) {
      const code = text(join('cli', name))
      const imports = code.matchAll(/^(?:import|export)\b[^'"\n]*\bfrom\s*["']([^"']+)["']/gm)
      for (const [, from = ''] of imports) ok(from.startsWith('./') || isBuiltin(from), name)
    }
    const program = join(folder, 'node_modules', '.bin', 'latchkey')
    equal(run(program, ['--version'], folder).trim(), versionOf(installed))
    match(text('cli/LICENCES.txt'), /^citty \d/m)
  })

  for (const [entry, most] of Object.entries(maxBytes)) {
    it(`${entry} is under ${most} bytes, minified and compressed`, async () => {
      const { outputFiles } = await build({
        entryPoints: [join(installed, 'dist', `${entry}.js`)],
        bundle: true,
        minify: true,
        format: 'esm',
        write: false,
      })
      const bytes = gzipSync(outputFiles[0]?.contents ?? '').length
      ok(bytes > 500 && bytes < most, `${bytes} bytes`)
      console.log(`${entry}: ${bytes} bytes`)
    })
  }

  for (const [module, moduleResolution, file] of resolutions) {
    it(`resolves its types with moduleResolution ${moduleResolution} in ${file}`, () => {
      linkFrameworks()
      // Only CommonJS has this import.
      const code = file.endsWith('.cts')
        ? consumer
        : consumer.replace("express = require('express')", "express from 'express'")
      const sources: Record<string, string> = { [file]: code, ...readmeBlocks() }
      const compilerOptions = {
        ...{ module, moduleResolution, target: 'es2023', types: ['node'], strict: true },
        lib: ['es2023', 'dom', 'dom.iterable'],
        ...{ noEmit: true, skipLibCheck: false, exactOptionalPropertyTypes: true },
      }
      const tsconfig = { compilerOptions, files: Object.keys(sources) }
      for (const [name, source] of Object.entries(sources)) {
        writeFileSync(join(folder, name), source)
      }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
      run(process.execPath, [tsc, '-p', folder], folder)
    })
  }

  it('can be imported and required by Node without a build', () => {
    const uses = `
      const at = { url: 'https://keys.example', key: 'k' }
      const all = [hono, express, fastify, next, web].map(({ apiKey }) => typeof apiKey(at))
      console.log(all.join(), typeof createClient(at).list)`
    const names = ['hono', 'express', 'fastify', 'next', 'web']
    const imports = names.map((name) => `import * as ${name} from 'latchkey/${name}'`)
    const requires = names.map((name) => `const ${name} = require('latchkey/${name}')`)
    const expected = 'function,function,function,function,function function'
    const from = "import { createClient } from 'latchkey'"
    equal(node([...imports, from, uses].join('\n'), 'module'), expected)
    const required = "const { createClient } = require('latchkey')"
    equal(node([...requires, required, uses].join('\n'), 'commonjs'), expected)
  })

  it('ignores CF-Connecting-IP under Node, where latchkey/hono takes the connection or clientAddress', () => {
    linkFrameworks()
    const program = `
      import { Hono } from 'hono'
      import { apiKey } from 'latchkey/hono'
      const addresses = []
      const fetch = async (_, { body }) => {
        addresses.push(JSON.parse(body).ip)
        return new Response(null, { status: 503 })
      }
      const options = { url: 'https://keys.example', key: 'k', fetch, onError() {} }
      const headers = { 'x-api-key': 'x', 'cf-connecting-ip': '192.0.2.1', 'x-real-ip': '192.0.2.2' }
      const connection = { incoming: { socket: { remoteAddress: 'fe80::1%eth0' } } }
      const byHeader = { clientAddress: (c) => c.req.header('x-real-ip') }
      for (const [more, env] of [[{}, {}], [{}, connection], [byHeader, connection]]) {
        await new Hono().use(apiKey({ ...options, ...more })).request('/', { headers }, env)
      }
      console.log(JSON.stringify(addresses))`
    equal(node(program, 'module'), '[null,"fe80::1","192.0.2.2"]')
  })

  /** The examples of README.md, by file name. */
  function readmeBlocks(): Record<string, string> {
    const page = readFileSync(join(installed, 'README.md'), 'utf8')
    const blocks = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code)
    ok(blocks.length > 0, 'README.md has no example')
    return Object.fromEntries(blocks.map((code, at) => [`readme-${at}.ts`, code]))
  }

  /** The app's own frameworks, whose types the entries need. */
  function linkFrameworks(): void {
    if (modules().includes('hono')) return
    const types = readdirSync(join(root, 'node_modules', '@types')).map((name) => `@types/${name}`)
    mkdirSync(join(folder, 'node_modules', '@types'))
    for (const name of ['hono', 'fastify', ...types]) {
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
    }
  }
}
