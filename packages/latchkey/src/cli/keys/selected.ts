// Which keys a bulk revocation means, as they are now.
import { LatchkeyError } from '../../error.ts'
import type { Key, Selection } from '../../types.ts'
import type { Connection } from '../connection.ts'

export type Selected = { keys: Key[]; missing: string[] }

const atOnce = 5

export async function selectedKeys(
  connection: Connection,
  selection: Selection,
  onProgress: (found: number) => void,
): Promise<Selected> {
  if ('ids' in selection) return keysOfIds(connection, selection.ids, onProgress)
  const keys: Key[] = []
  let isKnown = false
  for await (const key of keysBy(connection, selection)) {
    isKnown = true
    if (key.status !== 'revoked') keys.push(key)
    onProgress(keys.length)
  }
  const [value = ''] = Object.values(selection) as string[]
  return { keys, missing: isKnown ? [] : [value] }
}

/** The list has no filter by what made a key. */
async function* keysBy(
  { client }: Connection,
  selection: Exclude<Selection, { ids: string[] }>,
): AsyncGenerator<Key> {
  const limit = 100
  if (!('made_by' in selection)) return yield* client.list({ ...selection, limit })
  const wanted = selection.made_by.toLowerCase()
  for await (const key of client.list({ limit })) if (key.made_by === wanted) yield key
}

async function keysOfIds(
  { client }: Connection,
  ids: readonly string[],
  onProgress: (found: number) => void,
): Promise<Selected> {
  const found: Selected = { keys: [], missing: [] }
  for (let at = 0; at < ids.length; at += atOnce) {
    const batch = ids.slice(at, at + atOnce)
    const keys = await Promise.all(batch.map((id) => client.get(id).catch(absent)))
    for (const [place, key] of keys.entries()) {
      if (key === null) found.missing.push(batch[place] ?? '')
      else if (key.status !== 'revoked') found.keys.push(key)
    }
    onProgress(found.keys.length)
  }
  return found
}

function absent(error: unknown): null {
  if (error instanceof LatchkeyError && error.code === 'not_found') return null
  throw error
}
