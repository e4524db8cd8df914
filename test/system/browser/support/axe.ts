import assert from 'node:assert/strict'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'

/** No serious or critical violation, once all animations have ended. */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(settled)
  // The page gives a chart its role, and ECharts, when it draws, its label.
  await page.waitForFunction(
    () => !document.querySelector('[aria-label="Loading chart"], div[role=img]:not([aria-label])'),
  )
  // Legacy mode injects axe by the debugger: its own page would run scripts that the policy forbids.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode(true)
    // Base UI hides the button that closes a toast from screen readers until it has the focus. Axe takes that for a fault
    // unless the toast, a dialog, is visible: so when it fades.
    .exclude('[data-kumo-part=close][aria-hidden=true]')
    .options({ resultTypes: ['violations'], preload: false })
    .analyze()
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const found = serious.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes
      .slice(0, 5)
      .map(({ html, failureSummary }) => `${html.slice(0, 300)} :: ${failureSummary}`),
  }))
  assert.deepEqual(found, [], `axe on ${where}`)
}

/** In the browser: waits until every finite animation has ended. */
async function settled(): Promise<void> {
  const ends = (animation: Animation) =>
    Number.isFinite(animation.effect?.getComputedTiming().endTime)
  for (let all = 1; all > 0; ) {
    const ending = document.getAnimations().filter(ends)
    all = ending.length
    await Promise.allSettled(ending.map(({ finished }) => finished))
  }
}
