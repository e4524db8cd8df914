// What counting and coherence store outside D1: bytes of real objects, filled, folded and measured by their own databases.
import { writeRecord } from '../../src/core/record.ts'
import { messageId, type UsageMessage, type UsageRow } from '../../src/usage/message.ts'
import { monthOf } from '../../src/usage/shards.ts'
import type { UsagePart } from '../../src/usage/usage-calls.ts'
import { idOf } from '../support/key-rows.ts'
import type { Bench } from './start.ts'

export type Bytes = {
  keyDay: { hours: number; codes: number; journal: number; folded: number }[]
  requestLog: number
  fenceFloor: number
  kvEntry: number
  /** A message of 1,000 rows. */
  message: number
  rowsOfKeyDay: number
}

const accounts = 20
const codes = ['valid', 'rate_limited', 'expired_api_key']
const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs
const today = Math.floor(Date.now() / dayMs) * dayMs

export async function measureBytes(bench: Bench, isQuick: boolean): Promise<Bytes> {
  const keys = isQuick ? 2_000 : 20_000
  const keyDay: Bytes['keyDay'] = []
  let rowsOfKeyDay = 0
  for (const hours of [1, 24]) {
    for (const ofCodes of [1, 3]) {
      const name = `usage/${monthOf(today)}/${keyDay.length}-of-900`
      const measured = await sizeOfDays(bench, { name, keys, hours, codes: ofCodes })
      keyDay.push({ hours, codes: ofCodes, journal: measured.journal, folded: measured.folded })
      rowsOfKeyDay = measured.rows
    }
  }
  const message = messageOf(rowsOf(1_000, 1, 1))
  return {
    keyDay,
    requestLog: await sizeOfLog(bench),
    fenceFloor: await sizeOfFloors(bench, keys),
    kvEntry: `key/${'0'.repeat(64)}`.length + writeRecord(record(), Date.now()).length,
    message: JSON.stringify(message).length,
    rowsOfKeyDay,
  }
}

type Days = { name: string; keys: number; hours: number; codes: number }

/** Bytes of a key day before and after its fold, and rows written by the fold. */
async function sizeOfDays(bench: Bench, { name, keys, hours, codes }: Days) {
  const ask = (call: string) => bench.call<number>('object', { kind: 'USAGE_COUNTS', name, call })
  const add = (rows: UsageRow[]) => bench.call('add', { name, part: messageOf(rows) })
  await add(rowsOf(1, 1, 1))
  await ask('age')
  await ask('fold')
  const empty = await ask('size')
  const rows = rowsOf(keys, hours, codes)
  // As isolates send them: in the order of time, each hour's counts of a key in a message of their own.
  const ofMessage = 10_000
  for (let at = 0; at < rows.length; at += ofMessage) await add(rows.slice(at, at + ofMessage))
  const journal = (await ask('size')) - empty
  await ask('age')
  await bench.call('written')
  if ((await ask('fold')) !== 0) throw new Error(`${name} was not folded.`)
  const { objects } = await bench.call<{ objects: number }>('written')
  const folded = (await ask('size')) - empty
  return {
    journal: Math.round(journal / keys),
    folded: Math.round(folded / keys),
    rows: Number((objects / keys).toFixed(2)),
  }
}

function rowsOf(keys: number, hours: number, ofCodes: number): UsageRow[] {
  const rows: UsageRow[] = []
  for (let hour = 0; hour < hours; hour++) {
    for (let key = 1; key <= keys; key++) {
      for (const code of codes.slice(0, ofCodes)) {
        const at = today + hour * hourMs
        rows.push([idOf(key), at, code, 1 + ((key * 7) % 60), at + key, null, 'live'])
      }
    }
  }
  return rows
}

function messageOf(rows: readonly UsageRow[]): UsageMessage & UsagePart {
  const byAccount = Map.groupBy(
    rows,
    ([keyId]) => Number.parseInt(keyId.slice(0, 8), 16) % accounts,
  )
  const entries = [...byAccount].map(([no, ofAccount]) => [accountId(no), ofAccount])
  const id = messageId(Date.now(), crypto.randomUUID())
  return { version: 2, id, accounts: Object.fromEntries(entries), tiers: [], requests: {} }
}

const accountId = (no: number) => `dddddddd-0000-4000-8000-${`${no}`.padStart(12, '0')}`

/** The log of one account that is full. */
async function sizeOfLog(bench: Bench): Promise<number> {
  const account = accountId(1)
  const ask = () =>
    bench.call<number>('object', { kind: 'REQUEST_LOG', name: `requests/${account}`, call: 'size' })
  for (let batch = 0; batch < 21; batch++) {
    const samples = Array.from({ length: 50 }, (_, at) => ({
      ...{ at: Date.now() - batch * 1_000 - at, keyId: idOf(at + 1), code: 'rate_limited' },
      ...{ method: 'POST', route: '/api/contacts/:id', neededScope: 'contacts:write', ms: 0.4 },
      ...{ address: '192.0.2.0/24', country: 'NL', tier: 'memory' },
    }))
    const message = { ...messageOf(rowsOf(1, 1, 1)), requests: { [account]: samples } }
    if ((await bench.call('deliver', [message])) !== 0) throw new Error('The log stored nothing.')
  }
  return await ask()
}

async function sizeOfFloors(bench: Bench, floors: number): Promise<number> {
  const name = 'weur/0-of-1'
  const ask = () => bench.call<number>('object', { kind: 'FENCE', name, call: 'size' })
  const raises = Array.from({ length: floors }, (_, at) => [digest(at), at + 2])
  await bench.call('hold', { name, raises: raises.slice(0, 1) })
  const empty = await ask()
  for (let at = 1; at < floors; at += 5_000) {
    await bench.call('hold', { name, raises: raises.slice(at, at + 5_000) })
  }
  return Math.round(((await ask()) - empty) / floors)
}

/** As good as random, so that rows arrive in any order. */
const digest = (at: number) =>
  (BigInt(at + 1) * 0x9e3779b97f4a7c15f39cc0605cedc834n).toString(16).padStart(64, '0').slice(-64)

function record() {
  return {
    ...{ asOf: 1_000_000, id: idOf(1), name: 'Key number 1', accountId: accountId(1) },
    ...{ accountName: 'Big account', createdBy: idOf(2), externalId: 'customer-17' },
    ...{ metadata: null, format: 'whm' },
    ...{
      scopes: ['contacts:read', 'messages:read'],
      role: 'admin' as const,
      createdAt: Date.now(),
    },
    ...{ expiresAt: Date.now(), revoked: false, disabled: false, suspended: false },
    ...{ allowedIps: null, limits: null },
  } as const
}
