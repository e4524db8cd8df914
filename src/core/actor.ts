// The principal that makes a change: a person with a role in one account, or a key that manages keys.
import type { LimitOwner, Window } from './limits.ts'
import type { Role } from './role.ts'

/** What a key with `keys:manage` or `keys:portal` may grant; null in a field: unbounded. */
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

/** What an actor may grant: `limitsBy` is of a portal session, whose keys share their windows. */
export type Bounds = MayGrant & { limitsBy?: LimitOwner }

/** A customer who acts with the powers of the key that opened the session, within the bounds of the session. */
export type PortalCustomer = {
  sessionId: string
  externalId: string
  /** Unrevoked keys of this external id. */
  maxKeys: number
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
      mayGrant: Bounds | null
      /** Present where a customer acts through the portal. */
      portal?: PortalCustomer
    }

/** Whether an actor is this key. A customer is not the key that opened their session. */
export function isItself(actor: Actor, key: { id: string }): boolean {
  return actor.kind === 'key' && actor.portal === undefined && actor.id === key.id
}

/** Whether a key of the platform acts in the account of another: of its people it learns nothing. */
export function isForeign(actor: Actor): boolean {
  return actor.kind === 'key' && actor.platform?.isForeign === true
}
