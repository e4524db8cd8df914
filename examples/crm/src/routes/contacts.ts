import { and, eq, isNotNull } from 'drizzle-orm'
import { Hono } from 'hono'
import * as z from 'zod'
import { readBody } from '../body.ts'
import type { CrmEnv, Database } from '../crm-env.ts'
import { email, found, name, pathId, phone, tags, timestamp } from '../fields.ts'
import { afterCursor, listAnswer, newestFirst, readPage, rowsToFetch } from '../page.ts'
import { invalidField, refuseMethod } from '../problem.ts'
import { contacts } from '../schema.ts'

type Contact = typeof contacts.$inferSelect

const unreachable = 'A contact needs a phone or an email'

const newContact = z
  .strictObject({
    name,
    phone: phone.nullish(),
    email: email.nullish(),
    tags: tags.nullish(),
  })
  .refine((contact) => contact.phone || contact.email, { path: ['phone'], error: unreachable })

const contactPatch = z
  .strictObject({
    name: name.optional(),
    phone: phone.nullish(),
    email: email.nullish(),
    tags: tags.nullish(),
  })
  .refine((patch) => Object.keys(patch).length > 0, {
    error: 'Name at least one field to change',
    // A patch with only unknown fields reports just those.
    when: ({ issues }) => issues.length === 0,
  })

export const contactRoutes = new Hono<CrmEnv>()

contactRoutes.get('/', async (c) => {
  const page = readPage('contacts', c.req.query())
  const rows = await c.var.db
    .select()
    .from(contacts)
    .where(and(eq(contacts.accountId, c.var.accountId), afterCursor(contacts, page)))
    .orderBy(...newestFirst(contacts))
    .limit(rowsToFetch(page))
  return c.json(listAnswer(page, rows, contactView))
})

contactRoutes.post('/', async (c) => {
  const body = await readBody(c.req.raw, newContact)
  const nowMs = Date.now()
  const contact = {
    id: crypto.randomUUID(),
    accountId: c.var.accountId,
    name: body.name,
    phone: body.phone ?? null,
    email: body.email ?? null,
    tags: body.tags ?? [],
    createdAt: nowMs,
    updatedAt: nowMs,
  }
  await c.var.db.insert(contacts).values(contact)
  return c.json({ status: 'success', data: contactView(contact) }, 201)
})

contactRoutes.get('/:id', async (c) => {
  const contact = await findContact(c.var.db, c.var.accountId, pathId(c.req.param('id')))
  return c.json({ status: 'success', data: contactView(found(contact)) })
})

contactRoutes.patch('/:id', async (c) => {
  const id = pathId(c.req.param('id'))
  const patch = await readBody(c.req.raw, contactPatch)
  const contact = await changeContact(c.var.db, c.var.accountId, id, patch)
  return c.json({ status: 'success', data: contactView(contact) })
})

contactRoutes.all('/', refuseMethod('GET, POST'))
contactRoutes.all('/:id', refuseMethod('GET, PATCH'))

export async function findContact(db: Database, accountId: string, id: string) {
  return db
    .select()
    .from(contacts)
    .where(and(eq(contacts.id, id), eq(contacts.accountId, accountId)))
    .get()
}

/** One statement, so that two concurrent changes cannot clear both phone and email. */
async function changeContact(
  db: Database,
  accountId: string,
  id: string,
  patch: z.output<typeof contactPatch>,
): Promise<Contact> {
  const staysReachable = [
    patch.phone === null && !patch.email ? isNotNull(contacts.email) : undefined,
    patch.email === null && !patch.phone ? isNotNull(contacts.phone) : undefined,
  ]
  const bothCleared = patch.phone === null && patch.email === null
  const [changed] = bothCleared
    ? []
    : await db
        .update(contacts)
        .set({
          name: patch.name,
          phone: patch.phone,
          email: patch.email,
          tags: patch.tags === null ? [] : patch.tags,
          updatedAt: Date.now(),
        })
        .where(and(eq(contacts.id, id), eq(contacts.accountId, accountId), ...staysReachable))
        .returning()
  if (changed) return changed
  found(await findContact(db, accountId, id))
  throw invalidField(patch.phone === null ? 'phone' : 'email', unreachable)
}

function contactView(contact: Contact) {
  return {
    id: contact.id,
    name: contact.name,
    phone: contact.phone,
    email: contact.email,
    tags: contact.tags,
    created_at: timestamp(contact.createdAt),
    updated_at: timestamp(contact.updatedAt),
  }
}
