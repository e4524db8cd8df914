// Screenshots for review, in a folder that git ignores. CI takes none: nobody sees them there.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { root } from '../../../support/system/launch.ts'

const folder = join(root, '.screenshots')

export async function screenshot(page: Page, name: string, fullPage = true): Promise<void> {
  if (process.env.CI) return
  mkdirSync(folder, { recursive: true })
  await page.evaluate(() => scrollTo(0, 0))
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage, animations: 'disabled' })
}
