import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright'

const maxPresses = 80

/** Presses Tab, or Shift+Tab, until the element has the focus, as a person without a mouse. */
export async function tabTo(page: Page, wanted: Locator, key = 'Tab'): Promise<void> {
  for (let presses = 0; presses <= maxPresses; presses++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press(key)
  }
  assert.fail(`${wanted} cannot be reached by keyboard`)
}

/** Chooses by Enter the one option that the typed text has found. Where a later answer took the highlight away, an arrow gives it back. */
export async function chooseFound(page: Page, name: string): Promise<void> {
  const options = page.getByRole('option')
  await options.filter({ hasText: name }).waitFor()
  while ((await options.count()) > 1) await page.waitForTimeout(50)
  const highlighted = page.locator('[role=option][data-highlighted]', { hasText: name })
  if (!(await highlighted.isVisible())) await page.keyboard.press('ArrowDown')
  await highlighted.waitFor()
  await page.keyboard.press('Enter')
}
