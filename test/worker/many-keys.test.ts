// 10,000 keys in random order through one isolate at full speed, while keys and their accounts change: no verification
// that begins after a change was answered is stale, and all but those that a change concerned are answered from memory.

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { digestOf, importTagKeys, mintToken } from '../../src/core/token.ts'
import type { Verdict } from '../../src/core/verdict.ts'
import { needsOf } from '../../src/core/verdict.ts'
import { verify } from '../../src/keys/verify.ts'
import { createKeyReader } from '../../src/storage/key-store.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { RequestServices } from '../../src/worker/services.ts'
import { openFence } from '../support/fences.ts'
import config from '../support/latchkey.config.ts'
import { createPacedClock } from '../support/paced-clock.ts'
import { addPerson, createTestApp, type TestPerson } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

/** The keys of each account: of those that change as a whole, and of others. */
const [demoted, renamed, leaving] = [0, 1, 2]
const sizes = [50, 50, 150, ...Array.from({ length: 13 }, () => 750)]
const bulk = { externalId: 'leaves', keys: 120 }
const minVerifications = 30_000

type Account = { id: string; owner: TestPerson; admin: TestPerson }
type Key = { id: string; token: string; digest: string; account: number }
type Check = (verdict: Verdict) => boolean

const isValid: Check = ({ code }) => code === 'valid'
const isRevoked: Check = ({ code }) => code === 'revoked_api_key'
const isRenamed: Check = (verdict) =>
  verdict.code === 'valid' && verdict.record.accountName === 'Renamed'
const isDemoted: Check = (verdict) => verdict.code === 'valid' && verdict.record.role === 'member'

const clock = createPacedClock()
const accounts: Account[] = []
const keys: Key[] = []

async function openAccount(at: number): Promise<Account> {
  // Each in a group of its own.
  const id = at.toString(16).padStart(3, '0') + crypto.randomUUID().slice(3)
  await env.DB.prepare(
    "INSERT INTO organization (id, name, slug, created_at) VALUES (?1, 'As it was', ?1, 1)",
  )
    .bind(id)
    .run()
  return { id, owner: await addPerson(id, 'owner'), admin: await addPerson(id, 'admin') }
}

/** Keys that inherit from the admin; the last ones of an account have the external id. */
async function openKeys(account: number): Promise<void> {
  const { id: accountId, admin } = accounts[account] as Account
  const format = config.formats.whm
  if (format === undefined) throw new Error('The tests have a format whm.')
  const tagKeys = await importTagKeys(env.TAG_SECRETS)
  const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes)
  const made: Key[] = []
  for (let at = 0; at < (sizes[account] ?? 0); at++) {
    const token = await mintToken(format, tagKeys, random)
    made.push({ id: crypto.randomUUID(), token, digest: await digestOf(token), account })
  }
  await env.DB.prepare(
    `INSERT INTO api_key (id, digest, seq, account_id, name, format, key_prefix, external_id, created_by, created_at)
     SELECT value ->> 'id', value ->> 'digest', 1, ?2, 'A key', 'whm', 'whm_', iif(key < ?4, ?5, NULL), ?3, 1
     FROM json_each(?1)`,
  )
    .bind(JSON.stringify(made), accountId, admin.id, bulk.keys, bulk.externalId)
    .run()
  keys.push(...made)
}

beforeAll(async () => {
  await openFence()
  for (let at = 0; at < sizes.length; at++) {
    accounts.push(await openAccount(at))
    await openKeys(at)
  }
})

describe('10,000 keys in one isolate', () => {
  const watch = watchBindings()
  const isolate = createIsolate(config, clock)
  const behind: { sinceMs: number; work: Promise<unknown> }[] = []
  const waitUntil = (work: Promise<unknown>) => void behind.push({ sinceMs: clock.now(), work })
  const services = new RequestServices(isolate, { ...env, ...watch.bindings }, { waitUntil })
  const stores = services.lookUpStores({ cf: undefined })

  /** What a key must be, from the answer of a change on; null while the change is under way. */
  const expected: (Check | null)[] = []
  const seen = { verifications: 0, inMemory: 0, stale: 0, asExpected: 0 }

  /** As if the isolate had met every key. */
  async function meet(): Promise<void> {
    const reader = createKeyReader(env.DB)
    for (let account = 0; account < sizes.length; account++) {
      const own = keys.filter((key) => key.account === account)
      const record = await reader.read(own[0]?.digest as string)
      if (record === null) throw new Error('The key is not stored.')
      for (const { id, digest } of own) {
        isolate.memory.keep(digest, { record: { ...record, id }, readAt: null })
      }
    }
  }

  async function verifyOne(at: number): Promise<void> {
    const must = expected[at]
    const { token } = keys[at] as Key
    const settings = await services.verifySettings(() => 'nobody')
    const { verdict, tier } = await verify(stores, settings, token, { ...needsOf(), ip: null })
    seen.verifications++
    if (tier === 'memory') seen.inMemory++
    if (must === null) return
    if ((must ?? isValid)(verdict)) seen.asExpected++
    else seen.stale++
  }

  const randomKey = () => Math.floor(Math.random() * keys.length)

  /** Four at once; what is done behind answers ends within 100 ms of the clock. */
  async function verifySome(): Promise<void> {
    clock.skip(2)
    await Promise.all([randomKey(), randomKey(), randomKey(), randomKey()].map(verifyOne))
    for (let [first] = behind; first && first.sinceMs + 100 < clock.now(); [first] = behind) {
      await first.work
      behind.shift()
    }
    // A verification in memory does not let other events of the isolate in.
    if (seen.verifications % 40 === 0) await new Promise((wake) => setTimeout(wake, 0))
  }

  const concerned = new Set<number>()

  /** From the answer on, `which` must be as the check says. */
  async function change(which: number[], check: Check, make: () => Promise<unknown>) {
    for (const at of which) expected[at] = null
    await make()
    for (const at of which) expected[at] = check
  }

  const indexesOf = (account: number) => {
    const all = keys.flatMap((key, at) => (key.account === account ? [at] : []))
    for (const at of all) concerned.add(at)
    return all
  }

  it('are never stale, and are verified without I/O but for those that a change concerns', async () => {
    await meet()
    const app = await createTestApp({ clock })
    const changer = new RequestServices(app.isolate, env, { waitUntil })
    const owner = (account: number) => accounts[account]?.owner.jwt as string
    const idOf = (account: number) => accounts[account]?.id as string

    /** One of each of the large accounts. */
    const revokeSingly = (turn: number) =>
      accounts.slice(3).map((_, at) => {
        const account = 3 + at
        const which = keys.findIndex((key) => key.account === account) + turn
        concerned.add(which)
        return change([which], isRevoked, async () => {
          const path = `/api/api-keys/${keys[which]?.id}`
          const answer = await app.request('DELETE', path, { as: owner(account) })
          expect(answer.status, answer.text).toBe(200)
        })
      })
    const bySql = (account: number, check: Check, text: string, value: string) =>
      change(indexesOf(account), check, async () => {
        await env.DB.prepare(text).bind(value).run()
        expect(await changer.settleAccount(idOf(account))).toEqual([])
      })
    const demote = () =>
      bySql(
        demoted,
        isDemoted,
        "UPDATE member SET role = 'member' WHERE user_id = ?",
        accounts[demoted]?.admin.id as string,
      )
    const rename = () =>
      bySql(
        renamed,
        isRenamed,
        "UPDATE organization SET name = 'Renamed' WHERE id = ?",
        idOf(renamed),
      )
    const revokeMany = () =>
      change(indexesOf(leaving).slice(0, bulk.keys), isRevoked, async () => {
        const body = { external_id: bulk.externalId }
        const answer = await app.request('POST', '/api/api-keys/revoke', {
          as: owner(leaving),
          body,
        })
        expect(answer.body?.data, answer.text).toEqual({ revoked: bulk.keys, missing: [] })
      })

    const startedAtMs = clock.now()
    let isOver = false
    const changes = (async () => {
      await clock.sleep(500)
      await Promise.all(revokeSingly(0))
      await Promise.all([demote(), rename(), revokeMany(), ...revokeSingly(1)])
      await Promise.all(revokeSingly(2))
    })().finally(() => {
      isOver = true
    })
    while (!isOver || seen.verifications < minVerifications) await verifySome()
    await changes
    for (const at of concerned) await verifyOne(at)
    await Promise.all(behind.map(({ work }) => work))

    const leases = (clock.now() - startedAtMs) / config.leaseMs
    const asked = watch.calls.filter(({ where }) => where === 'FENCE.ask')
    const renewals = asked.filter(({ what }) => JSON.parse(what).at(-1) === null)
    const questions = asked.length - renewals.length
    const withIo = seen.verifications - seen.inMemory
    expect(seen.stale).toBe(0)
    expect(keys).toHaveLength(10_000)
    expect(concerned.size).toBe(250 + 3 * 13)
    // Once a change, and where two met the same key at once; the first four found no view.
    expect(withIo).toBeLessThanOrEqual(concerned.size * 1.1 + 4)
    expect(questions).toBeLessThanOrEqual(withIo)
    expect(renewals.length).toBeLessThanOrEqual(2 * leases + 1)
    expect(seen.inMemory / seen.verifications).toBeGreaterThan(0.98)
    expect(watch.counts()['KV.get'] ?? 0).toBe(0)
    expect(watch.counts()['D1.raw']).toBeLessThanOrEqual(withIo)
  })
})
