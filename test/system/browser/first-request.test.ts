// The first request with a key: its snippets run as the page shows them, and the page says what became of it.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { freePort } from '../../../scripts/free-port.ts'
import { root } from '../../support/system/launch.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { missingLanguage } from '../packages/languages.ts'
import { runShell, startShell } from '../packages/shell.ts'
import { packed, run } from '../packages/tarball.ts'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, openPage, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'
import { tabTo } from './support/keyboard.ts'
import { lookEverywhere } from './support/look.ts'

const named = (name: string) => `${name} ${randomUUID().slice(0, 8)}`
const card = (page: Page) => page.getByRole('region', { name: 'First request' })
const waits = (page: Page) => card(page).getByText('Waiting for the first request…').waitFor()

async function openKeyPage(page: Page, { id, name }: { id: string; name: string }): Promise<void> {
  await page.goto(`/keys/${id}`)
  await heading(page, name)
}

/** As a person copies it. */
async function snippet(page: Page, language: string): Promise<string> {
  await card(page).getByRole('button', { name: language, exact: true }).click()
  await card(page).getByRole('button', { name: 'Copy code' }).click()
  return page.evaluate(() => navigator.clipboard.readText())
}

/** In a folder of its own, as the page says it. @returns its output */
async function runSnippet(
  language: string,
  code: string,
  env: Record<string, string>,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-snippet-'))
  const files: Record<string, [string, string]> = {
    Node: ['request.mjs', 'node request.mjs'],
    Python: ['request.py', 'python3 request.py'],
    Go: ['request.go', 'go run request.go'],
  }
  try {
    const [file, command] = files[language] ?? ['request.sh', 'bash request.sh']
    writeFileSync(join(folder, file), code)
    return await runShell(command, { cwd: folder, env: { ...env, GOCACHE: join(folder, 'go') } })
  } finally {
    removeFolder(folder)
  }
}

test('a new key: its page waits for the first request, and says when it was verified', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.owner)
  const name = named('First')
  await page.getByRole('button', { name: 'Create API key' }).click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('radio', { name: /No scopes/ }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  const token = await page.getByRole('dialog').locator('pre').first().innerText()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, name)
  await waits(page)
  const { origin } = new URL(page.url())
  const code = await snippet(page, 'Node')
  assert.ok(code.includes(`${origin}/api/v1/me`), code)
  assert.ok(!(await page.content()).includes(token), 'the token is not on the page')
  await lookEverywhere(page, 'first-request')

  const output = await runSnippet('Node', code, { LATCHKEY_API_KEY: token })
  assert.match(output, /^200 /)
  await card(page).getByText('The first request was verified').waitFor()
  const done = await card(page).getByRole('status').last().innerText()
  assert.match(done, /at [\d:]+: GET \/api\/v1\/me, \d+ ms from (memory|cache|fence|database)\.$/)
  await lookEverywhere(page, 'first-request-verified')
})

test('every snippet runs', { timeout: suiteTimeoutMs }, async (t) => {
  const owner = await signedIn(demo.owner)
  const key = await createKey(owner, { name: named('Copied'), scopes: [], format: 'wacrm_test' })
  const server = await createKey(owner, { name: named('Server'), scopes: ['keys:verify'] })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openKeyPage(page, key)
  const env = { LATCHKEY_API_KEY: key.key }
  for (const language of ['curl', 'Node', 'Python', 'Go']) {
    const missing = missingLanguage(language.toLowerCase())
    if (missing !== false) t.diagnostic(missing)
    else assert.match(await runSnippet(language, await snippet(page, language), env), /\b200\b/)
  }
  await card(page).getByText('The first request was verified').waitFor()

  const folder = mkdtempSync(join(tmpdir(), 'latchkey-hono-'))
  mkdirSync(join(folder, 'node_modules', 'latchkey'), { recursive: true })
  for (const name of ['hono', '@hono']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  run('tar', ['xzf', packed(), '--strip-components=1', '-C', 'node_modules/latchkey'], folder)
  const port = await freePort()
  const code = (await snippet(page, 'Hono')).replaceAll('3000', String(port))
  writeFileSync(join(folder, 'server.mjs'), code)
  const at = { cwd: folder, env: { LATCHKEY_KEY: server.key } }
  const running = await startShell('node server.mjs', at, port)
  try {
    const [, command = ''] = /^\/\/ (curl .*)$/m.exec(code) ?? []
    const answer = await runSnippet('curl', command, env)
    assert.match(answer, /200 OK[\s\S]*\{"account":"Acme Inc"\}/)
  } finally {
    running.stop()
    removeFolder(folder)
  }
})

test('by keyboard alone: a refused first request names its mend, and the next one is verified', async (t) => {
  const owner = await signedIn(demo.owner)
  const key = await createKey(owner, {
    name: named('Elsewhere'),
    scopes: [],
    allowed_ips: ['198.51.100.7'],
  })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openKeyPage(page, key)
  await waits(page)
  await tabTo(page, card(page).getByRole('button', { name: 'Python' }))
  await page.keyboard.press('Enter')
  await card(page).getByText('import json, os, urllib.request').waitFor()
  assert.equal(await curl(key.key), 403)
  await card(page).getByText('IP address not allowed').waitFor()
  await card(page).getByText('Waiting for the next request…').waitFor()
  await lookEverywhere(page, 'first-request-refused')
  const mend = card(page).getByRole('link', { name: /^Allow (127\.0\.0\.0\/24|::\/48)$/ })
  await tabTo(page, mend)
  await page.keyboard.press('Enter')
  await heading(page, `Edit ${key.name}`)
  await tabTo(page, page.getByRole('button', { name: 'Save changes' }))
  await page.keyboard.press('Enter')
  await heading(page, key.name)
  await card(page).getByText('Waiting for the next request…').waitFor()
  assert.equal(await curl(key.key), 200)
  await card(page).getByText('The first request was verified').waitFor()
  await page.reload()
  await heading(page, key.name)
  await page.getByRole('region', { name: 'Usage' }).waitFor()
  await expect(card(page), 'it is no first request any more').toHaveCount(0)
})

test('a member sees no snippets for a token that only others hold', async (t) => {
  const owner = await signedIn(demo.owner)
  const key = await createKey(owner, { name: named('Unseen'), scopes: [] })
  const page = await openPage(t)
  await signIn(page, demo.member)
  await openKeyPage(page, key)
  await page.getByRole('region', { name: 'Usage' }).waitFor()
  await expect(card(page)).toHaveCount(0)
})
