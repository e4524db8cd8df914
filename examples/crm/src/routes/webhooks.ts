import { and, eq } from 'drizzle-orm'
import { Hono } from 'hono'
import * as z from 'zod'
import { readBody } from '../body.ts'
import type { CrmEnv } from '../crm-env.ts'
import { found, pathId, timestamp } from '../fields.ts'
import { afterCursor, listAnswer, newestFirst, readPage, rowsToFetch } from '../page.ts'
import { refuseMethod } from '../problem.ts'
import { webhooks } from '../schema.ts'

const eventNames = [
  'contact.created',
  'contact.updated',
  'conversation.created',
  'message.received',
  'message.sent',
  'broadcast.created',
] as const

const newWebhook = z.strictObject({
  url: z.string().max(2048).refine(isHttpsUrl, 'Must be an https URL without a user name'),
  events: z
    .array(z.enum(eventNames))
    .min(1)
    .transform((list) => [...new Set(list)]),
})

export const webhookRoutes = new Hono<CrmEnv>()

webhookRoutes.get('/', async (c) => {
  const page = readPage('webhooks', c.req.query())
  const rows = await c.var.db
    .select()
    .from(webhooks)
    .where(and(eq(webhooks.accountId, c.var.accountId), afterCursor(webhooks, page)))
    .orderBy(...newestFirst(webhooks))
    .limit(rowsToFetch(page))
  return c.json(listAnswer(page, rows, webhookView))
})

webhookRoutes.post('/', async (c) => {
  const { url, events } = await readBody(c.req.raw, newWebhook)
  const id = crypto.randomUUID()
  const webhook = { id, accountId: c.var.accountId, url, events, createdAt: Date.now() }
  await c.var.db.insert(webhooks).values(webhook)
  return c.json({ status: 'success', data: webhookView(webhook) }, 201)
})

webhookRoutes.delete('/:id', async (c) => {
  const id = pathId(c.req.param('id'))
  const [deleted] = await c.var.db
    .delete(webhooks)
    .where(and(eq(webhooks.id, id), eq(webhooks.accountId, c.var.accountId)))
    .returning({ id: webhooks.id })
  found(deleted)
  return c.json({ status: 'success', data: { message: 'Webhook deleted successfully' } })
})

webhookRoutes.all('/', refuseMethod('GET, POST'))
webhookRoutes.all('/:id', refuseMethod('DELETE'))

function isHttpsUrl(value: string): boolean {
  if (!/^https:\/\//i.test(value) || !URL.canParse(value)) return false
  const { username, password } = new URL(value)
  return username === '' && password === ''
}

function webhookView(webhook: typeof webhooks.$inferSelect) {
  return {
    id: webhook.id,
    url: webhook.url,
    events: webhook.events,
    created_at: timestamp(webhook.createdAt),
  }
}
