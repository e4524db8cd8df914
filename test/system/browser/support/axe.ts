import assert from 'node:assert/strict'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'

/** Nothing that axe calls serious or critical, once nothing is half faded any more. */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(settled)
  // In a page of its own axe would need scripts that the policy forbids; injected by the debugger it does not.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const told = grave.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes
      .slice(0, 5)
      .map(({ html, failureSummary }) => `${html.slice(0, 300)} :: ${failureSummary}`),
  }))
  assert.deepEqual(told, [], `axe on ${where}`)
}

/** In the browser: every animation that ends has ended. */
async function settled(): Promise<void> {
  const ends = (animation: Animation) =>
    Number.isFinite(animation.effect?.getComputedTiming().endTime)
  for (let all = 1; all > 0; ) {
    const ending = document.getAnimations().filter(ends)
    all = ending.length
    await Promise.allSettled(ending.map(({ finished }) => finished))
  }
}
