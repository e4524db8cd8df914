// The status page: owners see the health of the deployment, members do not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKey, demo, signedIn } from './support/api.ts'
import { assertAccessible } from './support/axe.ts'
import { heading, narrow, openPage, row, signIn, wide } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'
import { screenshot } from './support/screenshots.ts'
import { latchkey } from './support/shared.ts'

/** Runs the cron trigger of the canary. */
async function runCanary(): Promise<void> {
  const cron = encodeURIComponent('*/5 * * * *')
  const answer = await fetch(`${await latchkey()}/cdn-cgi/handler/scheduled?cron=${cron}`)
  assert.equal(answer.status, 200)
}

test('an owner sees health checks, fences, tiers and the runs of the canary', async (t) => {
  await latchkey()
  const owner = await signedIn(demo.owner)
  const { key } = await createKey(owner, { name: 'Seen on the status page' })
  for (let turn = 0; turn < 5; turn++) await curl(key, '/api/v1/me')
  await runCanary()
  for (const theme of ['light', 'dark'] as const) {
    for (const width of [wide, narrow]) {
      const page = await openPage(t, { theme, width })
      await signIn(page, demo.owner)
      await page.goto('/status')
      await heading(page, 'Status')
      await page.getByText('All systems operational').waitFor()
      for (const store of ['D1', 'KV', 'Nearest fence', 'Meters']) {
        await row(page, store).getByText('Responding').first().waitFor()
      }
      await row(page, 'Rejected in all regions').first().waitFor()
      await row(page, '0-of-1').getByText('Responding').first().waitFor()
      // Counted a few seconds after the answers.
      await page.getByText(/\d verifications/).waitFor({ timeout: 60_000 })
      await assertAccessible(page, `status, ${theme}, ${width}`)
      const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      assert.equal(sideways, 0)
      await screenshot(page, `status-${theme}-${width}`)
    }
  }
})

test('a member cannot view the status', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.member)
  await expect(page.getByRole('link', { name: 'Status', exact: true })).toHaveCount(0)
  await page.goto('/status')
  await page.getByText('Only admins and owners can view the status').waitFor()
})
