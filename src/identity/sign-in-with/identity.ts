// A person as another provider names them.
import { readName } from '../../core/text.ts'

/** What a provider says of a person. */
export type Profile = {
  name: string
  /** That the provider has verified, in lower case. */
  verifiedEmails: string[]
}

export type Identity = {
  /** The identifier of the person at the issuer; it never changes, as addresses and names do. */
  subject: string
  /** When the issuer last authenticated the person (ms); null where it does not say. */
  authenticatedAt: number | null
  /** Read only for a person who is not known here. */
  readProfile(): Promise<Profile>
}

/** The first that is a name. */
export function nameOf(candidates: readonly unknown[]): string {
  for (const text of candidates) {
    const reading = typeof text === 'string' ? readName(text) : null
    if (reading !== null && 'name' in reading) return reading.name
  }
  return 'New member'
}
