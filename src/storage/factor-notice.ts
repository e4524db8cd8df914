// What a change of factors leaves, in the batch of the change: an event in every account of the person, and a message to
// them where there is mail.
import type { SQL } from 'drizzle-orm'
import type { FactorChange } from '../core/mail.ts'
import type { PersonAction, PersonClient } from '../core/person-event.ts'
import { insertMail } from './mail-outbox.ts'
import { insertPersonEvent } from './person-audit.ts'

/** The request of a person, as the events and messages that it causes tell it. */
export type Acting = {
  client: PersonClient
  /** `Graz, AT`; null: not known. */
  place: string | null
  requestId: string
  nowMs: number
}

export type FactorNotice = {
  action: PersonAction
  detail?: Record<string, string | number>
  /** The message; null: none. */
  mail: { to: string; change: FactorChange; name: string | null } | null
}

/** What a change writes where a condition holds. */
export type Effects = (where: SQL) => SQL[]

export const noEffects: Effects = () => []

export function noticesOf(
  userId: string,
  notices: readonly FactorNotice[],
  { client, place, requestId, nowMs }: Acting,
): Effects {
  return (where) =>
    notices.flatMap(({ action, detail, mail }) => {
      const event = { userId, action, client, requestId, nowMs, ...(detail && { detail }) }
      const written = insertPersonEvent(event, where)
      if (mail === null) return [written]
      const { to, change, name } = mail
      const origin = { network: client.address, place, browser: client.browser }
      const data = { at: nowMs, ...origin, change, name }
      const message = { id: crypto.randomUUID(), to, sealedToken: null, userId } as const
      return [written, insertMail({ ...message, template: 'factor_changed', data }, nowMs, where)]
    })
}
