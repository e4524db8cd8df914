// What the tests of a file share: the Latchkey of all files, and a browser of their own.
import { after } from 'node:test'
import type { Browser } from 'playwright'
import { sharedLatchkey } from '../../../support/system/shared.ts'
import { launchChromium } from './chromium.ts'

export { sharedLatchkey as latchkey }

let browser: Promise<Browser> | null = null
// A browser that did not start fails its test; the file has to end all the same.
after(async () => await (await browser?.catch(() => null))?.close())

export function chromium(): Promise<Browser> {
  browser ??= launchChromium()
  return browser
}
