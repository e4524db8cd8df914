// One Latchkey and one browser for all tests, started when first used.
import { after } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from './chromium.ts'
import { type Server, startLatchkey } from './server.ts'

let server: Promise<Server> | null = null
let browser: Promise<Browser> | null = null

export async function latchkey(): Promise<string> {
  server ??= startLatchkey()
  return (await server).url
}

export function chromium(): Promise<Browser> {
  browser ??= launchChromium()
  return browser
}

after(async () => {
  await (await browser)?.close()
  await (await server)?.stop()
})
