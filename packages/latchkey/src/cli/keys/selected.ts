// Which keys a bulk revocation means, as they are now.
import type { Client } from '../../client.ts'
import { LatchkeyError } from '../../error.ts'
import type { Key, Selection } from '../../types.ts'

export type Selected = { keys: Key[]; missing: string[] }

const atOnce = 5

export async function selectedKeys(
  client: Client,
  selection: Selection,
  onProgress: (found: number) => void,
): Promise<Selected> {
  if ('ids' in selection) return keysOfIds(client, selection.ids, onProgress)
  const keys: Key[] = []
  let isKnown = false
  for await (const key of keysBy(client, selection)) {
    isKnown = true
    if (key.status !== 'revoked') keys.push(key)
    onProgress(keys.length)
  }
  const [value = ''] = Object.values(selection) as string[]
  return { keys, missing: isKnown ? [] : [value] }
}

/** The list has no filter by what made a key: `made_by` names the first key of the rotations of that one. */
async function* keysBy(
  client: Client,
  selection: Exclude<Selection, { ids: string[] }>,
): AsyncGenerator<Key> {
  const limit = 100
  if (!('made_by' in selection)) return yield* client.list({ ...selection, limit })
  const all: Key[] = []
  for await (const key of client.list({ limit })) all.push(key)
  const predecessors = new Map(all.map(({ id, replaced_by }) => [replaced_by, id]))
  let first = selection.made_by.toLowerCase()
  for (let id: string | undefined = first; id !== undefined; id = predecessors.get(id)) first = id
  yield* all.filter(({ made_by }) => made_by === first)
}

async function keysOfIds(
  client: Client,
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
