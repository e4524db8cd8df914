// A gradual deployment: the previous version (baseline.json) and this clone share D1, KV and Durable Objects,
// which run the old code first, then the new, then the old again (a rollback), on the same storage.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from '../../support/system/launch.ts'
import { migrate } from '../../support/system/migrate.ts'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { digestOf, missingBaseline, readBaseline } from './baseline.ts'
import { type Manager, signIn } from './people.ts'
import { check, type Key, startTraffic } from './traffic.ts'
import { type Pair, startPair, unpackVersions, type Version, versions } from './versions.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-upgrade-'))
const rounds = 3
/** Longer than lease and margin, so that no cached lease is valid. */
const leaseExpiredMs = 2_500

/** The version that writes a record and the one that reads it. */
const pairs = versions.flatMap((writer) => versions.map((reader) => [writer, reader] as const))
type InvalidKey = { key: Key; reader: Version }

const missing = missingBaseline()
// In CI a skipped test is a failure.
if (missing !== null && process.env.CI) throw new Error(missing)

let released: Record<string, string>
let pair: Pair
let manager: Manager
/** Keys created before the upgrade; later tests change some and add others. */
const keys: Key[] = []

async function open(): Promise<void> {
  const baseline = readBaseline()
  released = baseline.migrations
  await unpackVersions(folder, baseline)
  pair = await startPair(folder, 'old')
}

async function close(): Promise<void> {
  await pair.miniflare.dispose()
  rmSync(folder, { recursive: true, force: true })
}

async function run(objects: Version): Promise<void> {
  await pair.miniflare.dispose()
  pair = await startPair(folder, objects)
}

describe('two versions side by side', { timeout: suiteTimeoutMs, skip: missing ?? false }, () => {
  before(open)
  after(close)

  it('released migrations are unchanged', () => {
    for (const [file, digest] of Object.entries(released)) {
      assert.equal(
        digestOf(join(root, 'migrations', file)),
        digest,
        `${file} was released: write another migration instead`,
      )
    }
  })

  it('migrates under the released version while it serves and changes keys', async (test) => {
    const isOld = (file: string, binding: string) => binding === 'DB' && file in released
    await migrate(pair.miniflare, { worker: 'old', which: isOld })
    manager = await signIn(() => pair, 'old')
    for (let created = 0; created < 6; created++) keys.push(await manager.createKey('old'))
    const traffic = startOld(keys)
    const isNew = (file: string, binding: string) => binding === 'DB' && !(file in released)
    const added = await migrate(pair.miniflare, { worker: 'new', which: isNew })
    test.diagnostic(`${added.length} migrations since the previous version`)
    const [key] = keys
    assert.ok(key)
    await revoke('old', key)
    await traffic.stop()
    assert.deepEqual(traffic.wrong, [])
  })

  for (const objects of ['old', 'new', 'old'] as const) {
    it(`both versions verify and change keys while the Durable Objects run the ${objects} code`, async (test) => {
      await run(objects)
      for (const version of versions) {
        for (let created = 0; created < rounds * 2; created++)
          keys.push(await manager.createKey(version))
      }
      const traffic = startTraffic(pair, keys)
      for (let round = 0; round < rounds; round++) await Promise.all(changesOfRound())
      await sleep(leaseExpiredMs)
      await traffic.stop()
      test.diagnostic(`${traffic.requests} verifications of ${keys.length} keys`)
      assert.deepEqual(traffic.wrong, [])
      assert.ok(traffic.requests > keys.length * versions.length, 'requests were made')
    })

    it(`neither version accepts a record of the other that is older than a change (${objects} objects)`, async () => {
      const gone: InvalidKey[] = []
      for (const [writer, reader] of pairs) {
        const key = await manager.createKey('old')
        const written = await recordOf(writer, key)
        await revoke(reader, key)
        // KV may return any earlier value.
        await put(written)
        gone.push({ key, reader })
      }
      await expectInvalidInNewIsolates(objects, gone)
    })
  }

  it('treats a record of an unknown format as absent', async () => {
    const gone: InvalidKey[] = []
    for (const [writer, reader] of pairs) {
      const key = await manager.createKey(writer)
      const { name, value } = await recordOf(writer, key)
      await revoke(writer, key)
      // Valid if accepted: newer than every change, of a later format version.
      const record = JSON.parse(value)
      record.v += 100
      record.record.asOf = Number.MAX_SAFE_INTEGER
      await put({ name, value: JSON.stringify(record) })
      gone.push({ key, reader })
    }
    await expectInvalidInNewIsolates('new', gone)
  })

  it('either version settles the pending raises', async () => {
    for (const version of versions) await pair.drain(version)
    const db = await pair.miniflare.getD1Database('DB', 'new')
    const pending = await db
      .prepare('SELECT count(*) AS n FROM pending_raise')
      .first<{ n: number }>()
    assert.equal(pending?.n, 0)
  })
})

/** One change of each kind by each version, on a valid key. */
function changesOfRound(): Promise<void>[] {
  const free = keys.filter((key) => key.invalidSince === null && key.changingSince === null)
  return versions.flatMap((version, index) => {
    const [revoked, disabled] = free.slice(index * 2, index * 2 + 2)
    assert.ok(revoked && disabled, 'enough keys are left')
    return [revoke(version, revoked), disableAndEnable(version, disabled)]
  })
}

async function revoke(version: Version, key: Key): Promise<void> {
  key.changingSince = Date.now()
  const { status, body } = await manager.request(version, 'DELETE', `/api/api-keys/${key.id}`)
  assert.equal(status, 200, `${version}: ${JSON.stringify(body)}`)
  key.invalidSince = Date.now()
}

/** Disables with one version, enables with the other. */
async function disableAndEnable(version: Version, key: Key): Promise<void> {
  const path = `/api/api-keys/${key.id}`
  key.changingSince = Date.now()
  const off = await manager.request(version, 'PATCH', path, { is_active: false })
  assert.equal(off.status, 200, JSON.stringify(off.body))
  key.invalidSince = Date.now()
  await sleep(300)
  key.invalidSince = null
  const other = version === 'old' ? 'new' : 'old'
  const on = await manager.request(other, 'PATCH', path, { is_active: true })
  assert.equal(on.status, 200, JSON.stringify(on.body))
  key.changingSince = null
}

/** Before the migration only the released version runs. */
function startOld(of: Key[]) {
  const both = startTraffic(
    { ...pair, fetch: (_, path, init) => pair.fetch('old', path, init) },
    of,
  )
  return both
}

type Written = { name: string; value: string }

/** The record that a version writes to KV after its response. */
async function recordOf(version: Version, key: Key): Promise<Written> {
  const result = { requests: 0, wrong: [] as string[] }
  await check(pair, version, key, result)
  assert.deepEqual(result.wrong, [])
  const kv = await pair.miniflare.getKVNamespace('KEY_CACHE', 'new')
  for (let attempt = 0; attempt < 100; attempt++) {
    for (const { name } of (await kv.list()).keys) {
      const value = await kv.get(name, 'text')
      if (value?.includes(key.id)) return { name, value }
    }
    await sleep(50)
  }
  throw new Error(`No record of ${key.id} was written.`)
}

async function put({ name, value }: Written): Promise<void> {
  const kv = await pair.miniflare.getKVNamespace('KEY_CACHE', 'new')
  await kv.put(name, value)
}

/** Isolates with empty memory read KV and the fences; the first request repairs KV. */
async function expectInvalidInNewIsolates(objects: Version, gone: InvalidKey[]): Promise<void> {
  await run(objects)
  const result = { requests: 0, wrong: [] as string[] }
  for (const { key, reader } of gone) await check(pair, reader, key, result)
  assert.deepEqual(result.wrong, [])
}
