// The keys that somebody made and that still work, counted before that person is changed or removed.
import { queryOptions } from '@tanstack/react-query'
import { answer, management } from '../api/client.ts'
import type { Key } from '../api/queries.ts'

/** Enough to say "more than 500"; nobody needs the exact number of so many. */
const maxPages = 5

export type KeysOf = { inheriting: number; own: number; isMore: boolean }

export function keysOfQuery(userId: string) {
  return queryOptions({ queryKey: ['keys', 'of', userId], queryFn: () => countKeysOf(userId) })
}

async function countKeysOf(userId: string): Promise<KeysOf> {
  const keys: Key[] = []
  let cursor: string | null = null
  for (let page = 0; page < maxPages; page++) {
    const query = { created_by: userId, limit: '100', ...(cursor && { cursor }) }
    const list: { data: Key[]; next_cursor: string | null } = await answer(
      management['api-keys'].$get({ query }),
    )
    keys.push(...list.data)
    cursor = list.next_cursor
    if (cursor === null) break
  }
  const live = keys.filter(({ status }) => status === 'active' || status === 'disabled')
  const inheriting = live.filter(({ scopes }) => scopes === null).length
  return { inheriting, own: live.length - inheriting, isMore: cursor !== null }
}
