// What the audit trail records of a person: in every account of which they are a member at that time.
import { cutAddress } from './address.ts'

export const personActions = [
  'person.signed_in',
  'person.sign_in_failed',
  'person.sessions_ended',
  'person.stepped_up',
  'person.password_changed',
  'person.password_reset',
  'person.address_confirmed',
  'person.sign_in_method_linked',
  'person.sign_in_method_unlinked',
  'reset_link.created',
  'factor.enrolled',
  'factor.renamed',
  'factor.removed',
  'recovery_codes.created',
  'recovery_code.used',
] as const

export type PersonAction = (typeof personActions)[number]

/** From where a person acts, as far as the trail keeps it: every member of their accounts reads it. */
export type PersonClient = {
  /** Cut to /24 or /48, as in the request log. */
  address: string | null
  /** The `User-Agent`, cut. */
  browser: string | null
}

export const maxBrowserLength = 200

export function personClient(headers: Headers): PersonClient {
  return {
    address: cutAddress(headers.get('cf-connecting-ip')),
    browser: headers.get('user-agent')?.slice(0, maxBrowserLength) || null,
  }
}
