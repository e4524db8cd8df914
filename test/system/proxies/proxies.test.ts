// Forward auth and the gateway with real programs (nginx, Caddy, HAProxy, workerd): `npm run test:system`. All of them
// listen on loopback and exit with this process.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { type Api, startApi } from './api.ts'
import { testDenials } from './denials.ts'
import { testEnvoy } from './envoy.ts'
import { testFailures } from './failures.ts'
import { testForwardAuth } from './forward-auth.ts'
import { type Latchkey, shareLatchkey, startInWorkerd } from './latchkey.ts'
import { testPages } from './pages.ts'
import { ensurePrograms, startCaddy, startHaproxy, startNginx } from './programs.ts'
import { testShapes } from './shapes.ts'
import { testStreams } from './streams.ts'

const missing = ensurePrograms()
const skip = missing.length > 0 && `not installed: ${missing.join(', ')}`
const folder = mkdtempSync(join(tmpdir(), 'latchkey-proxies-'))
const at = (name: string) => join(folder, name)
const timeout = suiteTimeoutMs
let api: Api

before(async () => {
  api = await startApi()
})
after(async () => {
  await api.stop()
  removeFolder(folder)
})

describe('npm start', { timeout }, () => {
  let latchkey: Latchkey
  before(async () => {
    latchkey = await shareLatchkey()
  })
  after(() => latchkey.stop())
  const scene = () => ({ api, latchkey, folder })

  describe('nginx auth_request', { skip }, () => testForwardAuth(scene, startNginx))
  describe('Caddy forward_auth', { skip }, () => testForwardAuth(scene, startCaddy))
  describe('HAProxy http-request lua', { skip }, () => testForwardAuth(scene, startHaproxy))
  describe('docs/integrate', { skip }, () => testPages(scene))
  describe('Envoy ext_authz, by plain HTTP', () => testEnvoy(scene))
})

describe('workerd alone', { timeout }, () => {
  let latchkey: Latchkey
  before(async () => {
    latchkey = await startInWorkerd(at('bundle'), `http://127.0.0.1:${api.port}`)
  })
  after(() => latchkey.stop())
  const scene = () => ({ api, latchkey, folder })

  describe('the gateway, byte for byte', () => testShapes(scene))
  describe('the gateway, while it streams', () => testStreams(scene))
  describe('denials through nginx', { skip }, () => testDenials(scene, startNginx))
  describe('denials through Caddy', { skip }, () => testDenials(scene, startCaddy))
  describe('denials through HAProxy', { skip }, () => testDenials(scene, startHaproxy))
})

describe('a Latchkey that gives no verdict', { skip, timeout }, () => {
  for (const start of [startNginx, startCaddy, startHaproxy]) {
    describe(start.name, () => testFailures(() => ({ api, folder }), start))
  }
})

// A program that was not stopped must not keep the process running.
after(() => setTimeout(() => process.exit(1), 5_000).unref())
it('finds every program that it needs', { skip }, () => {})
