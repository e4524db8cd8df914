// Mail to people: the messages there are, and what each says.
import type { Role } from './role.ts'

type Time = { at: number }
type Origin = {
  /** Of the client, cut as in the request log; null where it is not known. */
  network: string | null
  place: string | null
  browser: string | null
}
/** Of one or more keys of an account. */
type Keys = {
  account: string
  account_id: string
  count: number
  /** A line for each of the first ten: the name of a key and the beginning of its token. */
  names: string
  /** Where it is one. */
  key_id: string | null
}

/** What changed in how a person proves who they are. */
export type FactorChange =
  | 'totp_enrolled'
  | 'totp_removed'
  | 'passkey_enrolled'
  | 'passkey_removed'
  | 'recovery_codes_created'
  | 'recovery_code_used'
  | 'factors_removed'
  | 'sign_in_method_linked'
  | 'sign_in_method_unlinked'

/**
 * Each template with the data that its text needs, besides the token of its link. Flat, as SQL writes it. Times are
 * milliseconds since 1970.
 */
export type MailData = {
  /** With a token. */
  invitation: {
    invitation_id: string
    account: string
    inviter: string
    role: Role
    expires_at: number
  }
  /** With a token: to the owner of an account that the platform made. */
  invitation_of_owner: { invitation_id: string; account: string; expires_at: number }
  /** With a token. */
  confirm_address: { minutes: number }
  /** With a token. */
  reset_password: { minutes: number }
  password_changed: Time & Origin & { by: 'change' | 'reset' }
  new_sign_in: Time & Origin & { method: string }
  /** `name`: of the passkey or the issuer. */
  factor_changed: Time & Origin & { change: FactorChange; name: string | null }
  /** `expires_at`: of the first. */
  key_expiring: Keys & { expires_at: number }
  key_leaked: Keys & { url: string | null; source: string | null }
}

export type MailTemplate = keyof MailData

/** A template and its data. */
export type MailContent = { [T in MailTemplate]: { template: T; data: MailData[T] } }[MailTemplate]

/** A message as a provider gets it. */
export type MailMessage = {
  /** The same for every attempt: an idempotency key for providers that take one. */
  id: string
  /** `Latchkey <no-reply@example.com>`, or an address alone. */
  from: string
  to: string
  subject: string
  text: string
  html: string
}

/** How the deployer sends mail. */
export type Mail<Bindings> = {
  /** `Latchkey <no-reply@example.com>`, or an address alone. */
  from: string
  /** Hands a message to a provider. What it throws is tried again; so is what takes longer than 15 seconds. */
  send(message: MailMessage, env: Bindings): Promise<void>
}
