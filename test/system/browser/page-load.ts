// How soon the list of keys is there, at one or more servers by turns: `npm start`, then
// `npx node test/system/browser/page-load.ts http://localhost:8787 [http://localhost:8788 ...]`. DEMO_PASSWORD is read from .dev.vars.
import { parseArgs } from 'node:util'
import type { Browser, BrowserContext, Page } from 'playwright'
import { median } from '../../../bench/support/statistics.ts'
import { secretOf } from '../../support/system/launch.ts'
import { launchChromium } from './support/chromium.ts'

type Condition = { name: string; cpu: number; isSlow: boolean }
type Load = { ms: number; requests: number; bytes: number }
type Row = { cold: Load; warm: Load }

const conditions: readonly Condition[] = [
  { name: '1x CPU', cpu: 1, isSlow: false },
  { name: '4x CPU', cpu: 4, isSlow: false },
  { name: '1x CPU, slow 4G', cpu: 1, isSlow: true },
  { name: '4x CPU, slow 4G', cpu: 4, isSlow: true },
]
/** 150 ms and 1.6 Mbit/s. */
const slow4G = { latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 }

const { values, positionals } = parseArgs({
  options: { turns: { type: 'string', default: '5' } },
  allowPositionals: true,
})
if (positionals.length === 0) throw new Error('Name one or more servers.')

const browser = await launchChromium()
const states = new Map<string, Awaited<ReturnType<typeof signIn>>>()
for (const origin of positionals) states.set(origin, await signIn(browser, origin))
for (const condition of conditions) {
  const rows = new Map(positionals.map((origin) => [origin, [] as Row[]]))
  for (let turn = 0; turn < Number(values.turns); turn++) {
    for (const [origin, of] of rows) of.push(await load(origin, condition))
  }
  for (const [origin, of] of rows) console.log(sentence(condition, origin, of))
}
await browser.close()

function sentence({ name }: Condition, origin: string, rows: readonly Row[]): string {
  const of = (value: (row: Row) => number) => Math.round(median(rows.map(value)))
  return (
    `${name}, ${origin}: cold ${of(({ cold }) => cold.ms)} ms, ${of(({ cold }) => cold.requests)} requests, ` +
    `${of(({ cold }) => cold.bytes / 1000)} kB; warm ${of(({ warm }) => warm.ms)} ms, ${of(({ warm }) => warm.bytes / 1000)} kB`
  )
}

/** The cookies and the storage of one who has opened the list before. */
async function signIn(browser: Browser, origin: string) {
  const context = await browser.newContext({ baseURL: origin })
  const page = await context.newPage()
  await page.request.post('/api/auth/sign-in/email', {
    data: { email: 'owner@acme.test', password: secretOf('DEMO_PASSWORD') },
    headers: { origin },
  })
  await page.goto('/keys')
  await page.getByRole('row').nth(1).waitFor()
  const path = new URL(page.url()).pathname
  const storage = await context.storageState()
  await context.close()
  return { path, storage }
}

/** A new browser's first visit, with no file in its cache, and the second one. */
async function load(origin: string, condition: Condition): Promise<Row> {
  const state = states.get(origin)
  if (state === undefined) throw new Error(`No session at ${origin}.`)
  const context = await browser.newContext({ baseURL: origin, storageState: state.storage })
  const page = await context.newPage()
  await page.addInitScript(() => {
    new MutationObserver(() => {
      if (document.querySelector('tbody tr a') === null) return
      Object.assign(globalThis, { listed: Object(globalThis).listed ?? performance.now() })
    }).observe(document, { childList: true, subtree: true })
  })
  const traffic = await throttle(context, page, condition)
  const cold = await visit(page, state.path, traffic)
  const warm = await visit(page, state.path, traffic)
  await context.close()
  return { cold, warm }
}

type Traffic = { requests: number; bytes: number }

async function throttle(
  context: BrowserContext,
  page: Page,
  { cpu, isSlow }: Condition,
): Promise<Traffic> {
  const traffic = { requests: 0, bytes: 0 }
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    traffic.requests++
    traffic.bytes += encodedDataLength
  })
  if (isSlow) await session.send('Network.emulateNetworkConditions', { offline: false, ...slow4G })
  await session.send('Emulation.setCPUThrottlingRate', { rate: cpu })
  return traffic
}

/** Until the first row is in the page, by the page's own clock. */
async function visit(page: Page, path: string, traffic: Traffic): Promise<Load> {
  Object.assign(traffic, { requests: 0, bytes: 0 })
  await page.goto(path, { waitUntil: 'commit' })
  const listed = await page.waitForFunction(() => Object(globalThis).listed)
  return { ms: await listed.jsonValue(), ...traffic }
}
