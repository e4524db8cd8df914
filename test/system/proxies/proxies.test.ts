// Forward auth and the gateway with real programs (nginx, Caddy, workerd): `npm run test:system`. All of them
// listen on loopback and exit with this process.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Api, startApi } from './api.ts'
import { testDenials } from './denials.ts'
import { testEnvoy } from './envoy.ts'
import { testForwardAuth } from './forward-auth.ts'
import { type Latchkey, shareLatchkey, startInWorkerd } from './latchkey.ts'
import { ensurePrograms, startCaddy, startNginx } from './programs.ts'
import { testShapes } from './shapes.ts'
import { testStreams } from './streams.ts'

const missing = ensurePrograms()
const skip = missing.length > 0 && `not installed: ${missing.join(', ')}`
const folder = mkdtempSync(join(tmpdir(), 'latchkey-proxies-'))
const at = (name: string) => join(folder, name)
const timeout = 180_000
let api: Api

before(async () => {
  api = await startApi()
})
after(async () => {
  await api.stop()
  rmSync(folder, { recursive: true, force: true })
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
})

// A program that was not stopped must not keep the process running.
after(() => setTimeout(() => process.exit(1), 5_000).unref())
it('finds every program that it needs', { skip }, () => {})
