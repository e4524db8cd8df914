// Which usage object holds what: one a month of the hour and shard of the keys.

/** The number of shards from a month (`YYYY-MM`) on. The first entry has the empty month: from the beginning. */
export type Shards = { from: string; count: number }[]

export type UsageName = {
  /** First ms of the month. */
  month: number
  index: number
  shards: number
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
