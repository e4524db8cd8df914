import { and, eq, inArray, sql } from 'drizzle-orm'
import { Hono } from 'hono'
import * as z from 'zod'
import { readBody } from '../body.ts'
import type { CrmEnv, Database } from '../crm-env.ts'
import { messageText, name, timestamp, uuid } from '../fields.ts'
import { type Recipient, writeMessages } from '../outbox.ts'
import { invalidField, Problem, refuseMethod } from '../problem.ts'
import { broadcasts, contacts } from '../schema.ts'

const newBroadcast = z.strictObject({
  name,
  text: messageText,
  contact_ids: z.array(uuid).min(1).max(1000),
})

export const broadcastRoutes = new Hono<CrmEnv>()

broadcastRoutes.post('/', async (c) => {
  const body = await readBody(c.req.raw, newBroadcast)
  const { accountId, db } = c.var
  const chosen = await findContacts(db, accountId, body.contact_ids)
  const recipients = chosen.flatMap(reachable)
  if (recipients.length === 0) {
    throw invalidField('contact_ids', 'None of these contacts has a phone number')
  }
  const nowMs = Date.now()
  const broadcast = {
    id: crypto.randomUUID(),
    accountId,
    name: body.name,
    text: body.text,
    recipients: chosen.length,
    sent: recipients.length,
    skipped: chosen.length - recipients.length,
    createdAt: nowMs,
  }
  const outgoing = { accountId, text: body.text, recipients, broadcastId: broadcast.id, nowMs }
  await db.batch([db.insert(broadcasts).values(broadcast), ...writeMessages(db, outgoing)])
  return c.json({ status: 'success', data: broadcastView(broadcast) }, 201)
})

broadcastRoutes.all('/', refuseMethod('POST'))

type Chosen = { id: string; phone: string | null }

/** Each contact once. @throws Problem 404 that names those that do not exist in the account. */
async function findContacts(db: Database, accountId: string, ids: string[]): Promise<Chosen[]> {
  const chosen = await db
    .select({ id: contacts.id, phone: contacts.phone })
    .from(contacts)
    .where(
      and(
        // One JSON parameter: D1 binds at most 100 per statement.
        inArray(contacts.id, sql`(select value from json_each(${JSON.stringify(ids)}))`),
        eq(contacts.accountId, accountId),
      ),
    )
  const known = new Set(chosen.map((contact) => contact.id))
  const errors = ids.flatMap((id, position) =>
    known.has(id) ? [] : [{ path: `contact_ids.${position}`, message: 'There is no such contact' }],
  )
  if (errors.length > 0) {
    throw new Problem('not_found', { detail: 'Some of the contacts do not exist', errors })
  }
  return chosen
}

function reachable(contact: Chosen): Recipient[] {
  return contact.phone === null ? [] : [{ contactId: contact.id, phone: contact.phone }]
}

function broadcastView(broadcast: typeof broadcasts.$inferSelect) {
  return {
    id: broadcast.id,
    name: broadcast.name,
    text: broadcast.text,
    recipients: broadcast.recipients,
    sent: broadcast.sent,
    skipped: broadcast.skipped,
    created_at: timestamp(broadcast.createdAt),
  }
}
