// docs/integrate/gateway.md, "Your API, in three edits": a copy of this tree without the CRM answers from an API by URL.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { freePort } from '../../../scripts/free-port.ts'
import { root } from '../../../scripts/settings.ts'
import { uploadOf } from '../../support/system/bundle.ts'
import { migrate, seed } from '../../support/system/migrate.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { demoOwner, jwtOf, sendTo, signIn } from '../../support/system/sign-in.ts'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { workerOptions } from '../../support/system/worker-options.ts'

const password = 'a-password-of-this-test'

test('from a clone to an answer of an API by URL', { timeout: suiteTimeoutMs }, async (t) => {
  const tree = mkdtempSync(join(tmpdir(), 'latchkey-clone-'))
  t.after(() => removeFolder(tree))
  copyTree(tree)
  execFileSync(process.execPath, ['scripts/eject-crm.ts'], { cwd: tree, stdio: 'pipe' })

  const api = createServer(({ url, headers }, response) => {
    response.end(`${url} of ${headers['x-latchkey-account']}, ${headers['x-api-key']}`)
  })
  api.listen(0, '127.0.0.1')
  t.after(() => api.close())
  await once(api, 'listening')
  const { port } = api.address() as AddressInfo
  edit(join(tree, 'latchkey.config.ts'), `http://127.0.0.1:${port}`)

  const origin = `http://127.0.0.1:${await freePort()}`
  const folder = join(tree, 'bundle')
  const worker = {
    ...workerOptions({ BASE_URL: origin }),
    rootPath: folder,
    ...uploadOf({ folder, tree, shipped: true }),
    unsafeDirectSockets: [{ host: '127.0.0.1', port: Number(new URL(origin).port) }],
  }
  const miniflare = new Miniflare(convertV4MiniflareOptions({ workers: [worker] } as never))
  t.after(() => miniflare.dispose())
  await miniflare.ready
  await migrate(miniflare)
  await seed(miniflare, password)
  const send = sendTo(origin)
  const jwt = await jwtOf(send, await signIn(send, origin, demoOwner(password)))
  const made = await send('/api/api-keys', {
    method: 'POST',
    headers: { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'First', scopes: ['orders:read'] }),
  })
  const { data } = (await made.json()) as { data: { key: string } }
  const answer = await send('/v2/orders?a=b', { headers: { 'x-api-key': data.key } })
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /^\/v2\/orders\?a=b of [0-9a-f-]{36}, undefined$/)
  assert.equal((await send('/v2/orders')).status, 401)
  assert.equal((await send('/v2/other', { headers: { 'x-api-key': data.key } })).status, 403)
})

/** What git tracks, as it is here, in a repository of its own. */
function copyTree(tree: string): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: tree, encoding: 'utf8' })
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  for (const file of files.split('\0').filter(Boolean)) cpSync(join(root, file), join(tree, file))
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  // Wrangler wants the folder of the dashboard, which this test does not build.
  mkdirSync(join(tree, 'dist', 'dashboard'), { recursive: true })
  git('init', '-q')
  git('add', '-A')
}

/** The three edits as the page has them, with the address of this test's API. */
function edit(path: string, address: string): void {
  const page = readFileSync(join(root, 'docs', 'integrate', 'gateway.md'), 'utf8')
  const codeOf = (step: string) => new RegExp(`^${step}.*?: \`(.+)\`$`, 'm').exec(page)?.[1] ?? ''
  const [scopes, routes, gateway] = ['1\\.', '2\\.', '3\\.'].map(codeOf) as [string, string, string]
  let text = readFileSync(path, 'utf8')
  const replace = (find: RegExp, put: string) => {
    assert.equal(text.match(new RegExp(find, 'g'))?.length, 1, `${find}`)
    text = text.replace(find, () => put)
  }
  replace(/scopes: \{\}/, `scopes: ${scopes}`)
  replace(/api: \[\]/, `api: ${routes}`)
  replace(/gateway: \{[\s\S]+?\n {2}\}/, `gateway: ${gateway}`)
  replace(/https:\/\/api\.example\.com'\s*\}/, `${address}' }`)
  writeFileSync(path, text)
}
