import assert from 'node:assert/strict'
import axe, { type AxeResults, type RunOptions } from 'axe-core'
import type { Page } from 'playwright'

// Those of `cat.color` that axe runs unless told otherwise.
const colours = ['color-contrast', 'link-in-text-block']
const options: RunOptions = { resultTypes: ['violations'], preload: false }
// Base UI hides the button that closes a toast from screen readers until it has the focus. Axe takes that for a fault
// unless the toast, a dialog, is visible: so when it fades.
const context = { exclude: ['[data-kumo-part=close][aria-hidden=true]'] }

/** No serious or critical violation, once all animations have ended. `rules`: `colours` where all else was looked at. */
export async function assertAccessible(
  page: Page,
  where: string,
  rules: 'all' | 'colours' = 'all',
): Promise<void> {
  await page.evaluate(settled)
  // The page gives a chart its role, and ECharts, when it draws, its label.
  await page.waitForFunction(
    () => !document.querySelector('[aria-label="Loading chart"], div[role=img]:not([aria-label])'),
  )
  // By the debugger, which the policy of our pages does not bind. Its megabyte stays until the page is left.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const { violations } = await page.evaluate(run, {
    context,
    options: rules === 'all' ? options : { ...options, runOnly: colours },
  })
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

/** In the browser. */
function run(of: { context: object; options: RunOptions }): Promise<AxeResults> {
  return Object(window).axe.run(of.context, of.options)
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
