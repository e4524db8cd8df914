import { and, eq } from 'drizzle-orm'
import { Hono } from 'hono'
import type { CrmEnv } from '../crm-env.ts'
import { found, pathId, timestamp } from '../fields.ts'
import { afterCursor, listAnswer, newestFirst, readPage, rowsToFetch } from '../page.ts'
import { refuseMethod } from '../problem.ts'
import { conversations } from '../schema.ts'

export const conversationRoutes = new Hono<CrmEnv>()

conversationRoutes.get('/', async (c) => {
  const page = readPage('conversations', c.req.query())
  const rows = await c.var.db
    .select()
    .from(conversations)
    .where(and(eq(conversations.accountId, c.var.accountId), afterCursor(conversations, page)))
    .orderBy(...newestFirst(conversations))
    .limit(rowsToFetch(page))
  return c.json(listAnswer(page, rows, conversationView))
})

conversationRoutes.get('/:id', async (c) => {
  const id = pathId(c.req.param('id'))
  const conversation = await c.var.db
    .select()
    .from(conversations)
    .where(and(eq(conversations.id, id), eq(conversations.accountId, c.var.accountId)))
    .get()
  return c.json({ status: 'success', data: conversationView(found(conversation)) })
})

conversationRoutes.all('/', refuseMethod('GET'))
conversationRoutes.all('/:id', refuseMethod('GET'))

function conversationView(conversation: typeof conversations.$inferSelect) {
  return {
    id: conversation.id,
    contact_id: conversation.contactId,
    phone: conversation.phone,
    created_at: timestamp(conversation.createdAt),
    last_message_at: timestamp(conversation.lastMessageAt),
  }
}
