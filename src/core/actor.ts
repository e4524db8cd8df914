// The principal that makes a change: a person with a role in one account, or a key that manages keys.
import type { Window } from './limits.ts'
import type { Role } from './role.ts'

/** What a key with `keys:manage` may grant; null in a field: unbounded. */
export type MayGrant = {
  scopes: readonly string[] | null
  environments: readonly string[] | null
  externalIds: readonly string[] | null
  /** In seconds from the grant. */
  maxLifetime: number | null
  /** Each key needs these windows, with no higher limit. */
  rateLimit: readonly Window[] | null
  /** Unrevoked keys that this key made. */
  maxKeys: number | null
}

export type PersonCredential = 'session' | 'jwt'

export type Actor =
  | {
      kind: 'person'
      id: string
      accountId: string
      role: Role
      credential: PersonCredential
      /** The credential proved the person within the last ten minutes. */
      isSteppedUp: boolean
      /** The account is the platform. */
      inPlatform: boolean
    }
  | {
      kind: 'key'
      id: string
      /** In which it acts: of a key of the platform the one that the request names, else its own. */
      accountId: string
      /** Present where it acts by `platform:manage`, and not by `keys:manage`; foreign: in another account. */
      platform?: { isForeign: boolean }
      scopes: readonly string[]
      createdBy: string | null
      /** The first key of its rotations, in whose name it makes keys; without any, its own id. */
      rootId: string
      /** null: it grants nothing. */
      mayGrant: MayGrant | null
    }

/** Whether a key of the platform acts in the account of another: of its people it learns nothing. */
export function isForeign(actor: Actor): boolean {
  return actor.kind === 'key' && actor.platform?.isForeign === true
}
