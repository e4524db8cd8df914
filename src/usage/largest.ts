// The largest values of a group over many objects, exactly: each gives all its values in one order, page by page, and they
// are merged, so that no more than a page of each is held.
import { compareValues } from './group-order.ts'
import type { GroupPage, GroupPosition } from './usage-calls.ts'

type Value = string | null
export type ReadPage = (after: GroupPosition) => Promise<GroupPage>

/** Of one read: a request of a Worker may make 1,000 calls. */
export const maxPages = 800

/** There are more values than one read may go through: a shorter span has fewer. */
export class TooManyValues extends Error {}

/**
 * The `top` values with the most requests, largest first; of equal ones the first in order.
 * @throws TooManyValues
 */
export async function largestValues(sources: readonly ReadPage[], top: number): Promise<Value[]> {
  const pages = { left: maxPages }
  const streams = sources.map((read) => new Stream(read, pages))
  const best = createBest(top)
  for (;;) {
    const waiting = streams.filter((stream) => stream.isWaiting)
    if (waiting.length > 0) await Promise.all(waiting.map((stream) => stream.fill()))
    const least = leastOf(streams)
    if (least === undefined) return best.values()
    let sum = 0
    for (const stream of streams) sum += stream.takeOf(least)
    best.add(least, sum)
  }
}

/** The values of one object in order. */
class Stream {
  private page: GroupPage['totals'] = []
  private at = 0
  private next: GroupPosition = null
  private hasMore = true
  private readonly read: ReadPage
  private readonly pages: { left: number }

  constructor(read: ReadPage, pages: { left: number }) {
    this.read = read
    this.pages = pages
  }

  get isWaiting(): boolean {
    return this.hasMore && this.at >= this.page.length
  }

  /** undefined: there are no more. */
  get head(): Value | undefined {
    return this.page[this.at]?.[0]
  }

  /** A page may be empty although there are more: those values have nothing in the span. */
  async fill(): Promise<void> {
    while (this.isWaiting) {
      if (this.pages.left-- <= 0)
        throw new TooManyValues('The values of the group fill too many pages.')
      const { totals, next } = await this.read(this.next)
      this.page = totals
      this.at = 0
      this.next = next
      this.hasMore = next !== null
    }
  }

  /** The requests of a value, which is passed over; 0 when the next one is another. */
  takeOf(value: Value): number {
    const entry = this.page[this.at]
    if (entry === undefined || entry[0] !== value) return 0
    this.at++
    return entry[1]
  }
}

function leastOf(streams: readonly Stream[]): Value | undefined {
  let least: Value | undefined
  for (const { head } of streams) {
    if (head === undefined) continue
    if (least === undefined || compareValues(head, least) < 0) least = head
  }
  return least
}

function createBest(top: number) {
  const best: [value: Value, sum: number][] = []
  return {
    add(value: Value, sum: number) {
      const [, smallest] = best.at(-1) ?? [null, 0]
      if (best.length >= top && sum <= smallest) return
      const at = best.findIndex(([, other]) => other < sum)
      best.splice(at === -1 ? best.length : at, 0, [value, sum])
      if (best.length > top) best.pop()
    },
    values: () => best.map(([value]) => value),
  }
}
