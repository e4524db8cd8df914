// Which usage object holds what: one a month of the hour and shard of the keys.

/** The number of shards from a month (`YYYY-MM`) on. The first entry has the empty month: from the beginning. */
export type Shards = { from: string; count: number }[]

export type UsageName = {
  /** First ms of the month. */
  month: number
  index: number
  shards: number
}

const maxShards = 1_000
const entryForm = /^(?:(\d{4}-(?:0[1-9]|1[0-2])):)?([1-9]\d{0,3})$/

/** @throws Error with a sentence that says what is wrong with USAGE_SHARDS. */
export function readShards(text: string): Shards {
  const shards = text.split(',').map((entry, index) => {
    const [, from = '', count] = entryForm.exec(entry.trim()) ?? []
    if (count === undefined || (from === '') !== (index === 0)) throw malformed(text)
    if (Number(count) > maxShards) throw malformed(text)
    return { from, count: Number(count) }
  })
  const isAscending = shards.every(
    ({ from }, index) => from > (shards[index - 1]?.from ?? '') || index === 0,
  )
  if (!isAscending) throw malformed(text)
  return shards
}

function malformed(text: string): Error {
  return new Error(
    `USAGE_SHARDS is "${text}": it must be a number of shards from 1 to ${maxShards}, then "YYYY-MM:number" for months in ascending order, such as "1, 2027-03:8".`,
  )
}

/** `YYYY-MM` of a time, in UTC. */
export function monthOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 7)
}

export function shardsIn(shards: Shards, month: string): number {
  return shards.findLast(({ from }) => from <= month)?.count ?? 1
}

/** The name of the object that holds the requests of a key in an hour. */
export function nameOf(shards: Shards, keyId: string, hour: number): string {
  const month = monthOf(hour)
  const count = shardsIn(shards, month)
  return objectName(month, shardOf(keyId, count), count)
}

/** The names of all objects of a month, the shard of the tiers first. */
export function namesIn(shards: Shards, month: string): string[] {
  const count = shardsIn(shards, month)
  return Array.from({ length: count }, (_, index) => objectName(month, index, count))
}

function shardOf(keyId: string, count: number): number {
  return Number.parseInt(keyId.slice(0, 8), 16) % count
}

function objectName(month: string, index: number, count: number): string {
  return `usage/${month}/${index}-of-${count}`
}

/** @throws Error for a name that no usage object has. */
export function parseName(name: string): UsageName {
  const [, year, month, index, shards] = /^usage\/(\d{4})-(\d\d)\/(\d+)-of-(\d+)$/.exec(name) ?? []
  if (shards === undefined) throw new Error(`"${name}" is not the name of a usage object.`)
  const first = Date.UTC(Number(year), Number(month) - 1)
  return { month: first, index: Number(index), shards: Number(shards) }
}

/** First ms of the month after the one that begins at a time. */
export function endOfMonth(month: number): number {
  const date = new Date(month)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
}
