// Lists that can be awaited for a page, or iterated for all there is.
import type { CallOptions, Transport } from './transport.ts'
import type { Page, PageQuery } from './types.ts'

/** A page when awaited; every item from that page on when iterated with `for await`. */
export type Items<Item> = Promise<Page<Item>> & AsyncIterable<Item>

export function pagesOf<Item>(
  ask: Transport,
  path: string,
  query: PageQuery = {},
  options?: CallOptions,
): Items<Item> {
  const page = (cursor: string | undefined) =>
    ask('GET', path + search({ ...query, cursor }), options) as Promise<Page<Item>>
  const first = page(query.cursor)
  return Object.assign(first, {
    async *[Symbol.asyncIterator]() {
      let { data, next_cursor } = await first
      yield* data
      while (next_cursor !== null) {
        ;({ data, next_cursor } = await page(next_cursor))
        yield* data
      }
    },
  })
}

function search(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  if (given.length === 0) return ''
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}
