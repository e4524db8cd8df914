import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { crmSeedSql } from '../seed.ts'
import { clientOf, insertContacts } from './client.ts'

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe.each(['/api', '/api/v1'])('under %s', (base) => {
  it('creates, reads, lists and changes a contact', async () => {
    const client = clientOf()
    const created = await client.post(`${base}/contacts`, {
      name: '  Ada Lovelace ',
      phone: '+447700900123',
      tags: ['vip', 'vip'],
    })
    expect(created.status).toBe(201)
    expect(created.body.status).toBe('success')
    expect(created.row).toMatchObject({
      name: 'Ada Lovelace',
      phone: '+447700900123',
      email: null,
      tags: ['vip'],
      created_at: expect.stringMatching(rfc3339),
    })

    const path = `${base}/contacts/${created.row.id}`
    expect((await client.get(path)).row).toEqual(created.row)
    expect(
      (await client.get(path.toUpperCase().replace(/^.*\//, `${base}/contacts/`))).status,
    ).toBe(200)
    expect((await client.get(`${base}/contacts`)).body).toEqual({
      status: 'success',
      data: [created.row],
      next_cursor: null,
    })

    const changed = await client.patch(path, { email: 'ada@example.com', phone: null, tags: null })
    expect(changed.status).toBe(200)
    expect(changed.row).toMatchObject({
      name: 'Ada Lovelace',
      phone: null,
      email: 'ada@example.com',
      tags: [],
    })
    expect((await client.get(path)).row).toEqual(changed.row)
  })

  it('stores a message as sent and continues the conversation with the same number', async () => {
    const client = clientOf()
    const contact = (await client.post(`${base}/contacts`, { name: 'Ada', phone: '+447700900123' }))
      .row
    const first = await client.post(`${base}/messages`, { to: contact.id, text: 'Hello' })
    expect(first.status).toBe(201)
    expect(first.row).toMatchObject({
      contact_id: contact.id,
      broadcast_id: null,
      phone: '+447700900123',
      direction: 'outbound',
      status: 'sent',
      text: 'Hello',
      created_at: expect.stringMatching(rfc3339),
    })
    const second = await client.post(`${base}/messages`, { to: '+447700900123', text: 'Again' })
    expect(second.row).toMatchObject({
      contact_id: contact.id,
      conversation_id: first.row.conversation_id,
    })
    expect((await client.get(`${base}/messages/${first.row.id}`)).row).toEqual(first.row)
    expect((await client.get(`${base}/messages`)).rows).toHaveLength(2)

    const conversations = (await client.get(`${base}/conversations`)).rows
    expect(conversations).toMatchObject([
      {
        id: first.row.conversation_id,
        contact_id: contact.id,
        phone: '+447700900123',
        last_message_at: second.row.created_at,
      },
    ])
    const conversation = await client.get(`${base}/conversations/${first.row.conversation_id}`)
    expect(conversation.row).toEqual(conversations[0])
  })

  it('sends to a number without a contact', async () => {
    const client = clientOf()
    const message = await client.post(`${base}/messages`, { to: '+12025550100', text: 'Hello' })
    expect(message.row).toMatchObject({ contact_id: null, phone: '+12025550100' })
  })

  it('broadcasts once to each contact and skips those without a phone', async () => {
    const client = clientOf()
    const [one = '', two = ''] = await insertContacts(client.accountId, 2)
    const mail = (await client.post(`${base}/contacts`, { name: 'Eve', email: 'eve@example.com' }))
      .row
    const answer = await client.post(`${base}/broadcasts`, {
      name: 'Autumn',
      text: 'New in',
      contact_ids: [one, two, one.toUpperCase(), mail.id],
    })
    expect(answer.status).toBe(201)
    expect(answer.row).toMatchObject({ name: 'Autumn', recipients: 3, sent: 2, skipped: 1 })
    const { rows } = await client.get(`${base}/messages`)
    expect(rows.map((row) => row.contact_id).sort()).toEqual([one, two].sort())
    expect(rows.every((row) => row.broadcast_id === answer.row.id)).toBe(true)
  })

  it('registers, lists and deletes a webhook', async () => {
    const client = clientOf()
    const body = { url: 'https://example.com/hook', events: ['message.sent', 'message.sent'] }
    const created = await client.post(`${base}/webhooks`, body)
    expect(created.status).toBe(201)
    expect(created.row).toMatchObject({ url: body.url, events: ['message.sent'] })
    expect((await client.get(`${base}/webhooks`)).rows).toEqual([created.row])
    const path = `${base}/webhooks/${created.row.id}`
    const deleted = await client.delete(path)
    expect(deleted.body).toEqual({
      status: 'success',
      data: { message: 'Webhook deleted successfully' },
    })
    expect((await client.get(`${base}/webhooks`)).rows).toEqual([])
    expect((await client.delete(path)).status).toBe(404)
  })
})

it('accepts a broadcast of the largest size: 1,000 contacts and 4,096 escaped characters', async () => {
  const client = clientOf()
  const contactIds = await insertContacts(client.accountId, 1000)
  const fields = JSON.stringify({ name: 'All', contact_ids: contactIds }).slice(0, -1)
  const answer = await client.send('/api/broadcasts', {
    method: 'POST',
    body: `${fields},"text":"${'\\u00e9'.repeat(4096)}"}`,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  })
  expect(answer.row).toMatchObject({ recipients: 1000, sent: 1000, skipped: 0 })
})

it('puts two contacts who share a number into one conversation', async () => {
  const client = clientOf()
  const contact = { name: 'Reception', phone: '+12025550177' }
  const first = (await client.post('/api/contacts', contact)).row
  const second = (await client.post('/api/contacts', contact)).row
  const ids = [first.id, second.id]
  const body = { name: 'Both', text: 'Hi', contact_ids: ids }
  expect((await client.post('/api/broadcasts', body)).row).toMatchObject({ sent: 2 })
  expect((await client.get('/api/conversations')).rows).toHaveLength(1)
  expect((await client.get('/api/messages')).rows).toHaveLength(2)
})

it('lists the messages of one conversation', async () => {
  const client = clientOf()
  const kept = (await client.post('/api/messages', { to: '+12025550101', text: 'One' })).row
  await client.post('/api/messages', { to: '+12025550102', text: 'Two' })
  const path = `/api/messages?conversation_id=${kept.conversation_id}`
  expect((await client.get(path)).rows).toEqual([kept])
  expect((await clientOf().get(path)).rows).toEqual([])
})

it('answers with the request id and forbids storing', async () => {
  const { headers } = await clientOf().get('/api/contacts')
  expect(headers.get('x-request-id')).toBe('req-1')
  expect(headers.get('cache-control')).toBe('no-store')
})

describe('another account', () => {
  it('cannot read, change or delete the rows', async () => {
    const owner = clientOf()
    const outsider = clientOf()
    const contact = (await owner.post('/api/contacts', { name: 'Ada', phone: '+12025550103' })).row
    const message = (await owner.post('/api/messages', { to: contact.id, text: 'Hello' })).row
    const hook = { url: 'https://example.com/', events: ['message.sent'] }
    const webhook = (await owner.post('/api/webhooks', hook)).row
    const refused = [
      await outsider.get(`/api/contacts/${contact.id}`),
      await outsider.patch(`/api/contacts/${contact.id}`, { name: 'Mallory' }),
      await outsider.patch(`/api/contacts/${contact.id}`, { phone: null, email: null }),
      await outsider.get(`/api/messages/${message.id}`),
      await outsider.get(`/api/conversations/${message.conversation_id}`),
      await outsider.delete(`/api/webhooks/${webhook.id}`),
      await outsider.post('/api/messages', { to: contact.id, text: 'Hello' }),
      await outsider.post('/api/broadcasts', { name: 'x', text: 'x', contact_ids: [contact.id] }),
    ]
    expect(refused.map((answer) => answer.status)).toEqual(refused.map(() => 404))
    for (const list of ['contacts', 'messages', 'conversations', 'webhooks']) {
      expect((await outsider.get(`/api/${list}`)).rows).toEqual([])
      expect((await owner.get(`/api/${list}`)).rows).toHaveLength(1)
    }
    expect((await owner.get(`/api/contacts/${contact.id}`)).row).toEqual(contact)
  })

  it('has its own conversation with the same number', async () => {
    const to = '+12025550104'
    const one = (await clientOf().post('/api/messages', { to, text: 'Hi' })).row
    const two = (await clientOf().post('/api/messages', { to, text: 'Hi' })).row
    expect(one.conversation_id).not.toBe(two.conversation_id)
  })
})

it('seeds both accounts, repeatably, and escapes quotes', async () => {
  const acme = clientOf("acme's")
  const globex = clientOf('globex')
  for (const _ of [1, 2]) {
    await env.CRM_DB.exec(crmSeedSql({ acme: acme.accountId, globex: globex.accountId }))
  }
  const contacts = (await acme.get('/api/contacts')).rows
  expect(contacts).toHaveLength(12)
  expect(contacts.map((contact) => contact.name)).toContain("Chloé D'Angelo")
  expect((await acme.get('/api/conversations')).rows).toHaveLength(4)
  expect((await acme.get('/api/messages')).rows).toHaveLength(11)
  expect((await acme.get('/api/webhooks')).rows).toHaveLength(1)
  expect((await globex.get('/api/contacts')).rows).toHaveLength(4)
  for (const { id } of contacts) expect((await acme.get(`/api/contacts/${id}`)).status).toBe(200)
})
