// What a deployment stores, writes and costs in a month, from what was measured.

import { maxPassed } from '../../src/usage/request-samples.ts'
import type { UsageResults } from '../page/results.ts'
import { inputs } from './inputs.ts'

const monthSeconds = 30 * 24 * 60 * 60
const foldsOfMonth = 30 * 4
const keptDays = 400
/** As `refreshAfterMs` in src/storage/key-cache.ts. */
const kvRefreshDays = 3.5
export const million = 1e6
export const giga = 1e9
const over = (amount: number, included: number) => Math.max(0, amount - included)

export type Estimate = ReturnType<typeof estimate>

/** A month of 30 days, each active key used in every hour. */
export function estimate(keys: number, { bytes, d1, rows }: UsageResults) {
  const perSecond = (keys * inputs.perMinute.value) / 60
  const isolates = Math.max(inputs.minIsolates.value, perSecond / inputs.perIsolate.value)
  const messages = Math.min(isolates / 5, perSecond) * monthSeconds
  // A batch waits 10 s, or for 100 messages.
  const batches = Math.max(monthSeconds / 10, messages / 100)
  const shards = Math.ceil(keys / inputs.keysOfShard.value)
  const accounts = keys / inputs.keysOfAccount.value
  const logWrites = accountsIn(batches, messages, accounts, perSecond) * batches
  const keyDay = bytes.keyDay.find(({ hours, codes }) => hours === 24 && codes === 1)?.folded ?? 0
  const folded = keys * foldsOfMonth * bytes.rowsOfKeyDay
  const d1Gb = (keys * (d1.bytesUsedKey + inputs.eventsOfKey.value * d1.bytesPerAuditEvent)) / giga
  const objectGb = (keys * keptDays * keyDay + accounts * bytes.requestLog) / giga
  return {
    ...{ keys, perSecond, shards, d1Gb, objectGb, logWrites },
    d1Rows: keys * foldsOfMonth * rows.lastUse,
    usageRows: folded + batches * shards * 2,
    largestGb: ((keys / shards) * 31 * keyDay) / giga,
    operations: messages * 3,
    requests: perSecond * monthSeconds,
    calls: isolates * 2 * monthSeconds + batches * shards + logWrites,
    kvReads: perSecond * monthSeconds * inputs.firstUses.value,
    kvWrites: (keys * 30) / kvRefreshDays,
    kvGb: (keys * bytes.kvEntry) / giga,
  }
}

/** Accounts with a sample in a batch: each is one row written and one call. */
function accountsIn(
  batches: number,
  messages: number,
  accounts: number,
  perSecond: number,
): number {
  const samples = Math.min((messages / batches) * maxPassed, (perSecond * monthSeconds) / batches)
  return accounts * (1 - Math.exp(-samples / accounts))
}

export function costOf(of: Estimate) {
  const price = (name: keyof typeof inputs) => inputs[name].value
  const costs = {
    requests: (over(of.requests, 10 * million) / million) * price('request'),
    'keys in D1: last uses, storage':
      (over(of.d1Rows, 50 * million) / million) * price('rows') +
      over(of.d1Gb, 5) * price('d1Storage'),
    'usage and request log: rows written, storage':
      (over(of.usageRows + of.logWrites, 50 * million) / million) * price('rows') +
      over(of.objectGb, 5) * price('objectStorage'),
    'calls of fences, usage objects and logs': (over(of.calls, million) / million) * price('call'),
    queue: (over(of.operations, million) / million) * price('operation'),
    KV:
      (over(of.kvReads, 10 * million) / million) * price('kvRead') +
      (over(of.kvWrites, million) / million) * price('kvWrite') +
      over(of.kvGb, 1) * price('kvStorage'),
  }
  const total = Object.values(costs).reduce((sum, cost) => sum + cost, 5)
  return { ...costs, 'all, with $5 of the plan': total }
}
