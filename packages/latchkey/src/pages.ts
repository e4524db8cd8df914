// Lists: awaited for one page, iterated for every item.
import type { CallOptions, Transport } from './transport.ts'
import type { Page, PageQuery } from './types.ts'

/**
 * `await` gives one page; `for await` gives every item from that page on, one request a page. Errors are those
 * of the request: `LatchkeyError`.
 * @example
 * ```ts
 * const { data, next_cursor } = await client.list({ limit: 10 })
 * for await (const key of client.list()) console.log(key.name)
 * ```
 */
export type Items<Item> = Promise<Page<Item>> & AsyncIterable<Item>

export function listPages<Item>(
  request: Transport,
  path: string,
  query: PageQuery = {},
  options?: CallOptions,
): Items<Item> {
  const fetchPage = (cursor: string | undefined) =>
    request('GET', path + searchOf({ ...query, cursor }), options) as Promise<Page<Item>>
  const first = fetchPage(query.cursor)
  return Object.assign(first, {
    async *[Symbol.asyncIterator]() {
      let { data, next_cursor } = await first
      yield* data
      while (next_cursor !== null) {
        ;({ data, next_cursor } = await fetchPage(next_cursor))
        yield* data
      }
    },
  })
}

export function searchOf(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  if (given.length === 0) return ''
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}
