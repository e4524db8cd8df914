// The attributes of a key that its owner sets. Times are milliseconds since 1970.
import type { MayGrant } from '../core/actor.ts'
import type { CreditInput, LimitOwner, Window } from '../core/limits.ts'

export type KeyAttributes = {
  name: string
  /** null: the key inherits its creator's role. */
  scopes: string[] | null
  /** null: never. */
  expiresAt: number | null
  /** Addresses and CIDR blocks; null: any address. */
  allowedIps: string[] | null
  externalId: string | null
  metadata: Record<string, unknown> | null
  rateLimit: Window[] | null
  credits: CreditInput | null
  limitsBy: LimitOwner
  mayGrant: MayGrant | null
}

/** An attribute that is undefined keeps its value. */
export type KeyEdits = {
  [Attribute in keyof KeyAttributes]?: KeyAttributes[Attribute] | undefined
} & { disabled?: boolean | undefined; needsReview?: false | undefined }
