// Debian's Chromium, installed by apt when it is absent: its headless shell, which draws less than the whole of it.
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright'
import { aptInstall } from '../../../support/system/apt.ts'

const places = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
]

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: flags })
}

function chromiumPath(): string {
  const find = () => [process.env.CHROMIUM_PATH, ...places].find((path) => path && existsSync(path))
  aptInstall(['chromium-headless-shell'], () => find() !== undefined)
  const found = find()
  if (found) return found
  throw new Error(
    'Chromium is missing and could not be installed. Install it (Debian: apt-get install chromium-headless-shell), ' +
      'or name another one in CHROMIUM_PATH.',
  )
}
