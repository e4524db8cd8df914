// What a change of USAGE_SHARDS moves: for `npm run deploy`, never in the Worker.
import { type Shards, shardsIn } from './shards.ts'

/** A month up to the present one whose counts another setting would look for elsewhere; null: none. */
export function movedMonth(before: Shards, after: Shards, present: string): string | null {
  const months = [...before, ...after].map(({ from }) => from).filter((from) => from < present)
  const isMoved = (month: string) => shardsIn(before, month) !== shardsIn(after, month)
  return [...months, present].find(isMoved) ?? null
}
