// Writes outbound messages and their conversations. This is a demo: a message is stored as `sent`, and
// nothing is sent.
import { sql } from 'drizzle-orm'
import type { Database } from './crm-env.ts'
import { conversations, messages } from './schema.ts'

export type Recipient = { contactId: string | null; phone: string }

export type Outgoing = {
  accountId: string
  text: string
  recipients: Recipient[]
  broadcastId: string | null
  nowMs: number
}

/**
 * Two statements for one `db.batch`, whatever the number of recipients: they are passed as one JSON
 * parameter, because D1 binds at most 100 per statement. The second returns the messages.
 */
export function writeMessages(db: Database, outgoing: Outgoing) {
  const recipients = JSON.stringify(
    outgoing.recipients.map((recipient) => ({
      ...recipient,
      messageId: crypto.randomUUID(),
      conversationId: crypto.randomUUID(),
    })),
  )
  return [
    upsertConversations(db, outgoing, recipients),
    insertMessages(db, outgoing, recipients),
  ] as const
}

function upsertConversations(db: Database, { accountId, nowMs }: Outgoing, recipients: string) {
  // Without "where true", SQLite parses ON CONFLICT as the ON of a join.
  return db
    .insert(conversations)
    .select(sql`
      select value->>'conversationId', ${accountId}, value->>'contactId', value->>'phone',
        ${nowMs}, ${nowMs}
      from json_each(${recipients}) where true`)
    .onConflictDoUpdate({
      target: [conversations.accountId, conversations.phone],
      set: {
        contactId: sql`coalesce(excluded.contact_id, ${conversations.contactId})`,
        lastMessageAt: sql`max(excluded.last_message_at, ${conversations.lastMessageAt})`,
      },
    })
}

function insertMessages(db: Database, outgoing: Outgoing, recipients: string) {
  const { accountId, broadcastId, text, nowMs } = outgoing
  return db
    .insert(messages)
    .select(sql`
      select value->>'messageId', ${accountId}, ${conversations.id}, value->>'contactId',
        ${broadcastId}, ${conversations.phone}, 'outbound', 'sent', ${text}, ${nowMs}
      from json_each(${recipients}) cross join ${conversations}
      where ${conversations.accountId} = ${accountId}
        and ${conversations.phone} = value->>'phone'`)
    .returning()
}
