// `npx node test/simulation/sql.ts`: runs random operations on the doubles' tables and on the real SQL of
// src/storage with the real migrations in SQLite, and ends at the first difference.
import { isDeepStrictEqual } from 'node:util'
import { createFenceRegistry, listFences } from '../../src/storage/fence-registry.ts'
import type { Change } from '../../src/storage/key-changes.ts'
import type { Selection } from '../../src/storage/key-selection.ts'
import { createKeyReader, findKey } from '../../src/storage/key-store.ts'
import { createRandom, type Random } from './random.ts'
import { account, contents, fences, Pair, someDigests, sorted, users } from './sql-pair.ts'

const audit = { actorKind: 'system', actorId: null, requestId: null, detail: null } as const
const entry = { ...audit, action: 'test' }

type Step = (pair: Pair, random: Random) => Promise<[unknown, unknown]>

const steps: Record<string, Step> = {
  async create(pair, random) {
    const key = pair.newKey(random)
    await pair.changes.create(key, entry, pair.now)
    return [null, pair.tables.create(key, pair.now) ?? null]
  },
  async version(pair, random) {
    const id = `id${1 + random.int(12)}`
    const [left, right] = [
      await findKey(pair.sqlite.d1, account, id),
      pair.tables.find(account, id),
    ]
    if (left === null || right === null) return [left, right]
    const seq = left.seq - (random.is(0.2) ? 1 : 0)
    const successor = random.is(0.3) ? { ...pair.newKey(random), accountId: account } : undefined
    const patch = random.one([
      { disabled: random.is(0.5) },
      { scopes: null },
      { revokedAt: pair.now },
    ])
    const selection: Selection = { by: 'version', id, seq }
    const change = { accountId: account, selection, patch, audit: entry, nowMs: pair.now }
    const commit = successor === undefined ? change : { ...change, successor }
    return committed(pair, commit)
  },
  async bulk(pair, random) {
    const ids = Array.from({ length: 4 }, () => `id${1 + random.int(20)}`)
    const selection = random.one<Exclude<Selection, { by: 'version' }>>([
      { by: 'ids', ids },
      { by: 'creator', createdBy: random.one(users) },
      { by: 'externalId', externalId: 'e' },
      { by: 'account' },
    ])
    const patch = { revokedAt: pair.now }
    const change = { accountId: account, selection, patch, audit: entry, nowMs: pair.now }
    return committed(pair, change)
  },
  async pending(pair, random) {
    const digests = someDigests(pair, random)
    const of = random.one(['all' as const, { accountId: account }, { accountId: account, digests }])
    return [sorted(await pair.changes.pending(of)), sorted(pair.tables.pending(of))]
  },
  async settled(pair, random) {
    const raises = pair.tables
      .pending('all')
      .filter(() => random.is(0.4))
      .map((raise) => ({ ...raise, seq: raise.seq + random.int(3) - 1 }))
    await pair.changes.settled(raises)
    return [null, pair.tables.settled(raises) ?? null]
  },
  async read(pair, random) {
    const [digest = ''] = someDigests(pair, random)
    const left = await createKeyReader(pair.sqlite.d1).read(digest)
    const right = pair.tables.record(digest)
    // The doubles store the version in the name of the account.
    return [left && { ...left, accountName: '' }, right && { ...right, accountName: '' }]
  },
  async register(pair, random) {
    const name = random.one(fences)
    const region = name.split('/')[0] as string
    const left = await createFenceRegistry(pair.sqlite.d1, { name, region }).register(pair.now)
    return [left, pair.tables.register(name, region, pair.now)]
  },
  async retire(pair, random) {
    const name = random.one(fences)
    const seq = (pair.tables.fences.get(name)?.seq ?? 5) - (random.is(0.3) ? 1 : 0)
    await createFenceRegistry(pair.sqlite.d1, { name, region: 'x' }).retire(seq)
    pair.tables.retire(name, seq)
    return [sorted(await listFences(pair.sqlite.d1)), sorted([...pair.tables.fences.keys()])]
  },
  async member(pair, random) {
    const [user, role] = [random.one(users), random.one(['admin', 'member', null])]
    const before = pair.tables.members.get(`${account}/${user}`)
    const values = [role, account, user]
    if (role === null) {
      pair.run('DELETE FROM member WHERE organization_id = ? AND user_id = ?', values.slice(1))
    } else if (before === undefined) {
      const columns = 'role, organization_id, user_id, id, created_at'
      pair.run(`INSERT INTO member (${columns}) VALUES (?, ?, ?, ?, 0)`, [...values, user])
    } else {
      const where = 'WHERE organization_id = ? AND user_id = ?'
      pair.run(`UPDATE member SET role = ? ${where}`, values)
    }
    return [null, pair.tables.changeMember(account, user, role, 0) && null]
  },
  async rename(pair, random) {
    pair.run('UPDATE organization SET name = ? WHERE id = ?', [`n${random.next()}`, account])
    return [null, pair.tables.rename(account, 0) && null]
  },
  async close(pair, random) {
    const isClosing = random.is(0.5)
    const closesAt = isClosing ? 1 : null
    pair.run('UPDATE organization SET closes_at = ? WHERE id = ?', [closesAt, account])
    return [null, pair.tables.changeStanding(account, isClosing ? 'close' : 'reopen', 0) && null]
  },
  /** A second suspension has another time, and changes nothing; quotas are in the same row. */
  async suspend(pair, random) {
    const isSuspended = random.is(0.5)
    const columns = 'account_id, suspended_at, max_keys'
    const values = [account, isSuspended ? pair.now : null, random.one([null, 1_000])]
    const onConflict = 'suspended_at = excluded.suspended_at, max_keys = excluded.max_keys'
    pair.run(
      `INSERT INTO account_control (${columns}) VALUES (?, ?, ?) ON CONFLICT (account_id) DO UPDATE SET ${onConflict}`,
      values,
    )
    return [
      null,
      pair.tables.changeStanding(account, isSuspended ? 'suspend' : 'resume', 0) && null,
    ]
  },
}

async function committed(pair: Pair, change: Change): Promise<[unknown, unknown]> {
  const { digests, pending, hasMore } = await pair.changes.commit(change)
  const double = pair.tables.commit(change)
  const isChanged = change.selection.by !== 'version' || digests.length > 0
  return [
    [sorted(digests), isChanged && sorted(pending), hasMore],
    [sorted(double.changed), isChanged && sorted(double.pending), double.hasMore],
  ]
}

function compare(where: string, [left, right]: [unknown, unknown]): void {
  if (isDeepStrictEqual(left, right)) return
  console.error(`${where}: SQL and the double differ`)
  console.error('SQL   ', JSON.stringify(left))
  console.error('double', JSON.stringify(right))
  process.exit(1)
}

async function runHistory(seed: number, length: number): Promise<void> {
  const random = createRandom(seed)
  const pair = new Pair(random.one([2, 3, 5_000]))
  const names = Object.keys(steps)
  for (let at = 0; at < length; at++) {
    const name = at < 4 ? 'create' : random.one(names)
    pair.now += random.one([0, 1, 50, -20])
    compare(`seed ${seed}, step ${at} ${name}`, await (steps[name] as Step)(pair, random))
    compare(`seed ${seed}, after step ${at} ${name}`, contents(pair))
  }
  pair.sqlite.database.close()
}

/** A change of more than a hundred keys leaves one raise of the group of their account. */
async function runBulk(): Promise<void> {
  const random = createRandom(1)
  const pair = new Pair(5_000)
  for (const name of fences) {
    await createFenceRegistry(pair.sqlite.d1, { name, region: 'x' }).register(pair.now)
    pair.tables.register(name, 'x', pair.now)
  }
  for (const count of [100, 101]) {
    for (let created = 0; created < count; created++) {
      const key = { ...pair.newKey(random), accountId: account }
      await pair.changes.create(key, entry, pair.now)
      pair.tables.create(key, pair.now)
    }
    const patch = { revokedAt: pair.now }
    const selection = { by: 'account' } as const
    const change = { accountId: account, selection, patch, audit: entry, nowMs: pair.now }
    compare(`the answer to a bulk change of ${count}`, await committed(pair, change))
    compare(`a bulk change of ${count}`, contents(pair))
    const of = { accountId: account, digests: [`${'0'.repeat(63)}1`] }
    compare('pending of one key', [
      sorted(await pair.changes.pending(of)),
      sorted(pair.tables.pending(of)),
    ])
  }
  pair.sqlite.database.close()
}

const [histories, length] = [200, 60]
for (let seed = 1; seed <= histories; seed++) await runHistory(seed, length)
await runBulk()
console.log(
  `SQL and the double agree: ${histories * length} operations, and bulk changes of up to 101 keys`,
)
