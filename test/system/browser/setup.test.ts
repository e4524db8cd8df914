// The first visit to a new deployment: the set-up token creates the first owner, once.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { secretOf, startEmpty } from '../../support/system/launch.ts'
import { assertAccessible } from './support/axe.ts'
import { heading, openPage } from './support/browser.ts'
import { screenshot } from './support/screenshots.ts'

test('the set-up token creates the first account, whose list of keys is empty', async (t) => {
  const empty = await startEmpty()
  t.after(() => empty.stop())
  const page = await openPage(t, {}, ['Failed to load resource'])
  await page.goto(`${empty.url}/`)
  await heading(page, 'Set up Latchkey')
  await assertAccessible(page, 'set-up')
  await screenshot(page, 'setup-light-1440')
  const fields = {
    'Set-up token': 'wrong',
    'Account name': 'Northwind',
    'Your name': 'Amara Diallo',
    'E-mail': 'amara@northwind.test',
    Password: randomUUID(),
  }
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('alert').getByText('The set-up token is wrong').waitFor()
  await page.getByLabel('Set-up token').fill(secretOf('SETUP_TOKEN'))
  await page.getByRole('button', { name: 'Create account' }).click()
  await heading(page, 'API keys')
  await page.getByText('No API keys yet').waitFor()

  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    for (const width of [1440, 375]) {
      await page.setViewportSize({ width, height: 900 })
      await screenshot(page, `keys-empty-${theme}-${width}`)
    }
    await assertAccessible(page, `the empty list, ${theme}`)
  }
  const again = await page.request.get(`${empty.url}/api/setup`)
  assert.deepEqual((await again.json()).data, { needed: false })
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(`${empty.url}/setup`)
  await heading(page, 'API keys')
})
