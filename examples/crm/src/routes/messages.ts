import { and, eq } from 'drizzle-orm'
import { Hono } from 'hono'
import * as z from 'zod'
import { readBody } from '../body.ts'
import type { CrmEnv, Database } from '../crm-env.ts'
import { found, messageText, pathId, phone, timestamp, uuid } from '../fields.ts'
import { type Recipient, writeMessages } from '../outbox.ts'
import { afterCursor, listAnswer, newestFirst, readPage, rowsToFetch } from '../page.ts'
import { invalidField, Problem, refuseMethod } from '../problem.ts'
import { contacts, messages } from '../schema.ts'
import { findContact } from './contacts.ts'

const newMessage = z.strictObject({
  to: z.union([uuid, phone], 'Must be the id of a contact or an E.164 phone number'),
  text: messageText,
})

export const messageRoutes = new Hono<CrmEnv>()

messageRoutes.get('/', async (c) => {
  const page = readPage('messages', c.req.query())
  const conversationId = readConversationId(c.req.query('conversation_id'))
  const rows = await c.var.db
    .select()
    .from(messages)
    .where(
      and(
        eq(messages.accountId, c.var.accountId),
        conversationId ? eq(messages.conversationId, conversationId) : undefined,
        afterCursor(messages, page),
      ),
    )
    .orderBy(...newestFirst(messages))
    .limit(rowsToFetch(page))
  return c.json(listAnswer(page, rows, messageView))
})

messageRoutes.post('/', async (c) => {
  const { to, text } = await readBody(c.req.raw, newMessage)
  const { accountId, db } = c.var
  const recipient = await findRecipient(db, accountId, to)
  const [, [message]] = await db.batch(
    writeMessages(db, {
      accountId,
      text,
      recipients: [recipient],
      broadcastId: null,
      nowMs: Date.now(),
    }),
  )
  if (!message) throw new Error('the message was not stored')
  return c.json({ status: 'success', data: messageView(message) }, 201)
})

messageRoutes.get('/:id', async (c) => {
  const id = pathId(c.req.param('id'))
  const message = await c.var.db
    .select()
    .from(messages)
    .where(and(eq(messages.id, id), eq(messages.accountId, c.var.accountId)))
    .get()
  return c.json({ status: 'success', data: messageView(found(message)) })
})

messageRoutes.all('/', refuseMethod('GET, POST'))
messageRoutes.all('/:id', refuseMethod('GET'))

function readConversationId(value: string | undefined): string | undefined {
  const parsed = uuid.optional().safeParse(value)
  if (!parsed.success) throw invalidField('conversation_id', 'Must be the id of a conversation')
  return parsed.data
}

/** If several contacts have the phone number, the newest one. */
async function findRecipient(db: Database, accountId: string, to: string): Promise<Recipient> {
  if (to.startsWith('+')) {
    const contact = await db
      .select({ id: contacts.id })
      .from(contacts)
      .where(and(eq(contacts.accountId, accountId), eq(contacts.phone, to)))
      .orderBy(...newestFirst(contacts))
      .get()
    return { contactId: contact?.id ?? null, phone: to }
  }
  const contact = await findContact(db, accountId, to)
  if (!contact) {
    const message = 'There is no such contact'
    throw new Problem('not_found', { detail: `to: ${message}`, errors: [{ path: 'to', message }] })
  }
  if (contact.phone === null) throw invalidField('to', 'This contact has no phone number')
  return { contactId: contact.id, phone: contact.phone }
}

function messageView(message: typeof messages.$inferSelect) {
  return {
    id: message.id,
    conversation_id: message.conversationId,
    contact_id: message.contactId,
    broadcast_id: message.broadcastId,
    phone: message.phone,
    direction: message.direction,
    status: message.status,
    text: message.text,
    created_at: timestamp(message.createdAt),
  }
}
