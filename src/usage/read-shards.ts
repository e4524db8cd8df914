// Parses USAGE_SHARDS, when the Worker starts: the names of objects (shards.ts) are needed later.
import type { Shards } from './shards.ts'

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
