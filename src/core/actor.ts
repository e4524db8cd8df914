// The principal that makes a change: a person with a role in one account, or a key that manages keys.
import type { Role } from './role.ts'

export type Actor =
  | { kind: 'person'; id: string; accountId: string; role: Role }
  | {
      kind: 'key'
      id: string
      accountId: string
      scopes: readonly string[]
      createdBy: string | null
    }
