// The keys of our own JWTs, in the memory of the isolate: a forged JWT costs no store.
import type { JWTVerifyGetKey } from 'jose'
import { publicJwks } from '../storage/people-store.ts'
import { StoreUnavailable } from '../storage/unavailable.ts'
import type { JwtKey, PeopleMemory } from './settings.ts'

/** A key that was deleted verifies for at most this long. */
export const jwtKeysForMs = 60_000
/** How long an unknown `kid` stays unknown: forged ones must not each cost a read. */
export const jwtKeysPauseMs = 2_000

/** The key of an id, null where there is none. @throws StoreUnavailable */
export async function findJwtKey(
  db: D1Database,
  memory: PeopleMemory,
  kid: string,
  now: Date,
): Promise<JWTVerifyGetKey | null> {
  if (isDue(memory, kid)) await readKeys(db, memory)
  const key = memory.jwtKeys?.byId.get(kid)
  if (key === undefined) {
    // Asked for and not answered: nobody knows whether there is such a key.
    if (memory.jwtKeysAskedAt > (memory.jwtKeys?.readAt ?? 0))
      throw new StoreUnavailable('D1', null)
    return null
  }
  return key.expiresAt !== null && key.expiresAt <= now.getTime() ? null : key.keySet
}

/** Whether the keys must be read, at most once a pause; an isolate without any reads them at once. */
function isDue({ jwtKeys, jwtKeysAskedAt, now }: PeopleMemory, kid: string): boolean {
  if (jwtKeys === null) return true
  const time = now()
  // A clock that was set back must not keep them.
  const isOld = time < jwtKeys.readAt || time >= jwtKeys.readAt + jwtKeysForMs
  const isPausing = time >= jwtKeysAskedAt && time < jwtKeysAskedAt + jwtKeysPauseMs
  return (isOld || !jwtKeys.byId.has(kid)) && !isPausing
}

async function readKeys(db: D1Database, memory: PeopleMemory): Promise<void> {
  const readAt = memory.now()
  memory.jwtKeysAskedAt = readAt
  const { createLocalJWKSet } = await import('jose')
  const rows = await publicJwks(db)
  const entries = rows.map(({ jwk, expiresAt }): [string, JwtKey] => {
    return [jwk.kid, { keySet: createLocalJWKSet({ keys: [jwk] }), expiresAt }]
  })
  const isNewest = memory.jwtKeys === null || memory.jwtKeys.readAt <= readAt
  if (isNewest) memory.jwtKeys = { byId: new Map(entries), readAt }
}
