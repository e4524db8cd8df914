// Debian's Chromium, installed by apt when it is absent.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser']

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
  const found = [process.env.CHROMIUM_PATH, ...places].find((path) => path && existsSync(path))
  if (found) return found
  install()
  const installed = places.find((path) => existsSync(path))
  if (installed) return installed
  throw new Error(
    'Chromium is missing and could not be installed. Install it (Debian: apt-get install chromium), ' +
      'or name another one in CHROMIUM_PATH.',
  )
}

function install(): void {
  if (spawnSync('which', ['apt-get']).status !== 0) return
  console.log('Installing Chromium by apt (once) …')
  const options = {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  } as const
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options)
}
