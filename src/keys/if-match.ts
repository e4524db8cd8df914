// The version of a key that a change was requested for.
import { matches, type Precondition } from '../core/etag.ts'
import type { ListedKey } from '../storage/key-store.ts'
import type { Refusal } from './refusal.ts'

/** Asked of each fresh read of the key, so that no other change comes between. */
export function refuseVersion(ifMatch: Precondition | null, key: ListedKey): Refusal | null {
  return ifMatch === null || matches(ifMatch, key.seq) ? null : { reason: 'version' }
}
