// The response headers of every file and page of the dashboard, from the real asset server.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../../support/system/launch.ts'
import { latchkey } from './support/shared.ts'

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default"

const expected: Record<string, string> = {
  'content-security-policy': policy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** The page of customers: no form is sent anywhere, and no string becomes HTML. */
const portal = {
  ...expected,
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
}

/** Pages for machines, which those of any origin may read. */
const documents = { ...expected, 'cross-origin-resource-policy': 'cross-origin' }
const isDocument = (file: string) => /^\/(docs\/|llms(-full)?\.txt$)/.test(file)

async function fetched(path: string): Promise<Record<string, string | null>> {
  const response = await fetch((await latchkey()) + path, { headers: { accept: 'text/html' } })
  assert.equal(response.status, 200, path)
  await response.arrayBuffer()
  assert.match(response.headers.get('permissions-policy') ?? '', /camera=\(\)/, path)
  if (path.startsWith('/assets/')) {
    assert.match(response.headers.get('cache-control') ?? '', /immutable/, path)
  }
  return Object.fromEntries(Object.keys(expected).map((name) => [name, response.headers.get(name)]))
}

test('every file of the dashboard has all security headers', async () => {
  await latchkey()
  const folder = join(root, 'dist', 'dashboard')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('_'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
  assert.ok(files.length > 10, `${files.length} files`)
  const others = files.filter((name) => !['/index.html', '/portal.html'].includes(name))
  for (const file of others) {
    assert.deepEqual(await fetched(file), isDocument(file) ? documents : expected, file)
  }
})

test('the portal has a stricter policy, under its one address, and nothing inline', async () => {
  assert.deepEqual(await fetched('/portal'), portal)
  const url = await latchkey()
  const response = await fetch(`${url}/portal`)
  assert.equal(response.headers.get('cache-control'), 'no-cache')
  const html = await response.text()
  assert.ok(!/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/.test(html), html)
  const other = await fetch(`${url}/portal.html`, { redirect: 'manual' })
  assert.deepEqual([other.status, other.headers.get('location')], [307, '/portal'])
})

test('every page of the dashboard has all security headers', async () => {
  const app = readFileSync(join(root, 'src', 'dashboard', 'app.tsx'), 'utf8')
  const paths = [...app.matchAll(/path="([^"]+)"/g)].map(([, path = '']) =>
    path.replace(/:\w+/, 'x'),
  )
  assert.ok(paths.length > 8, paths.join(' '))
  for (const path of [...paths, '/nowhere']) {
    const headers = await fetched(path)
    // The Worker answers here, and it sets HSTS over HTTPS only.
    const isWorker = headers['strict-transport-security'] === null
    assert.deepEqual(headers, {
      ...expected,
      ...(isWorker && { 'strict-transport-security': null }),
    })
  }
})
