// A page or a dialog in both themes, wide and narrow: axe finds no serious violation, nothing scrolls sideways, and a
// screenshot is taken (.screenshots/).
import assert from 'node:assert/strict'
import type { Page } from 'playwright'
import { assertAccessible } from './axe.ts'
import { medium, narrow, wide } from './browser.ts'
import { screenshot } from './screenshots.ts'

/** At the width of a tablet, too. */
export const lookEverywhere = (page: Page, name: string) => look(page, name, [wide, medium, narrow])

export async function look(
  page: Page,
  name: string,
  widths: readonly number[] = [wide, narrow],
): Promise<void> {
  const before = page.viewportSize() ?? { width: wide, height: 900 }
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.waitForFunction(
      (mode) => document.documentElement.dataset.mode === mode,
      colorScheme,
    )
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 })
      await inspect(page, name, `${colorScheme}-${width}`)
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(before)
}

/** At its present theme and width: `light-1440`. */
export async function inspect(page: Page, name: string, appearance: string): Promise<void> {
  const where = `${name}, ${appearance}`
  const isDialog = (await page.getByRole('dialog').count()) > 0
  await screenshot(page, `${name}-${appearance}`, !isDialog)
  // The themes differ in colours only, and colours do not depend on the width.
  if (appearance === `dark-${wide}`) await assertAccessible(page, where, 'colours')
  else if (!appearance.startsWith('dark')) await assertAccessible(page, where)
  await assertFits(page, where)
  if (appearance !== `light-${narrow}`) return
  for (const width of otherWidths) {
    await page.setViewportSize({ width, height: 900 })
    await assertFits(page, `${name}, ${width} px`)
  }
  await page.setViewportSize({ width: narrow, height: 900 })
}

/** A small phone and a tablet, between which columns appear. */
const otherWidths = [320, 768, 1024]

async function assertFits(page: Page, where: string): Promise<void> {
  let found = await page.evaluate(excesses)
  // A chart follows another width some frames later.
  for (let frames = 0; frames < 120 && found.clipped.length > 0; frames++) {
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
    found = await page.evaluate(excesses)
  }
  assert.equal(found.excess, 0, `${where} scrolls sideways`)
  assert.deepEqual(found.clipped, [], `${where} is cut off`)
}

/** Runs in the page. */
function excesses(): { excess: number; clipped: string[] } {
  const { scrollWidth, clientWidth } = document.documentElement
  const isClipping = (element: Element) => {
    const { overflowX, textOverflow } = getComputedStyle(element)
    const hides = (overflowX === 'hidden' || overflowX === 'clip') && textOverflow === 'clip'
    // Texts for screen readers are a pixel wide; the last column of a table has 16 px to spare.
    return hides && element.clientWidth > 100 && element.scrollWidth > element.clientWidth + 12
  }
  const clipped = [...document.querySelectorAll('body *')].filter(isClipping)
  return {
    excess: scrollWidth - clientWidth,
    clipped: clipped.map((element) => `${element.tagName} "${element.textContent?.slice(0, 60)}"`),
  }
}
