import { describe, expect, it } from 'vitest'
import { type Answer, clientOf, expectProblem } from './client.ts'

const id = '5eed000c-0000-4000-8000-00000000ffff'

const pathsOf = (answer: Answer) =>
  (answer.body.errors as { path: string; message: string }[]).map((error) => error.path)

describe('validation', () => {
  const phone = '+12025550100'
  const name = 'Ada'
  const text = 'Hi'
  const url = 'https://example.com/hook'
  const events = ['message.sent']
  it.each<[string, unknown, string[]]>([
    ['contacts', {}, ['name']],
    ['contacts', { name }, ['phone']],
    ['contacts', { name, phone: null, email: null }, ['phone']],
    ['contacts', { name: ' ', phone }, ['name']],
    ['contacts', { name: 'a\u0000b', phone }, ['name']],
    ['contacts', { name: 'a\ud800b', phone }, ['name']],
    ['contacts', { name, phone: '2025550100' }, ['phone']],
    ['contacts', { name, phone: '+0123456789' }, ['phone']],
    ['contacts', { name, email: 'ada@' }, ['email']],
    ['contacts', { name, phone, tags: ['ok', ''] }, ['tags.1']],
    ['contacts', { name, phone, tags: 'vip' }, ['tags']],
    ['contacts', { name, phone, account_id: 'x', role: 'x' }, ['account_id', 'role']],
    ['messages', { text }, ['to']],
    ['messages', { to: 'Ada', text }, ['to']],
    ['messages', { to: phone }, ['text']],
    ['messages', { to: phone, text: '' }, ['text']],
    ['messages', { to: phone, text: ' \n' }, ['text']],
    ['messages', { to: phone, text: 'a\u0000b' }, ['text']],
    ['messages', { to: phone, text, status: 'read' }, ['status']],
    ['broadcasts', { name, text }, ['contact_ids']],
    ['broadcasts', { name, text, contact_ids: [] }, ['contact_ids']],
    ['broadcasts', { name, text, contact_ids: ['1'] }, ['contact_ids.0']],
    ['webhooks', { url: 'http://example.com/', events }, ['url']],
    ['webhooks', { url: 'https://user:pass@example.com/', events }, ['url']],
    ['webhooks', { url: 'https://', events }, ['url']],
    ['webhooks', { url: 'javascript:alert(1)', events }, ['url']],
    ['webhooks', { url, events: [] }, ['events']],
    ['webhooks', { url, events: ['message.sent', 'everything'] }, ['events.1']],
  ])('refuses POST /%s of %j and names the field', async (resource, body, paths) => {
    const answer = await clientOf().post(`/api/${resource}`, body)
    expectProblem(answer, 400, 'invalid_request')
    expect(pathsOf(answer)).toEqual(paths)
  })

  it.each<[string, string, number, (size: number) => unknown]>([
    ['contacts', 'name', 120, (size) => ({ name: 'x'.repeat(size), phone })],
    ['contacts', 'tags', 20, (size) => ({ name, phone, tags: Array(size).fill('t') })],
    ['contacts', 'tags.0', 40, (size) => ({ name, phone, tags: ['x'.repeat(size)] })],
    ['messages', 'text', 4096, (size) => ({ to: phone, text: 'x'.repeat(size) })],
    ['webhooks', 'url', 2048, (size) => ({ url: `https://e/${'x'.repeat(size - 10)}`, events })],
  ])(
    'accepts POST /%s with %s of size %i and refuses one more',
    async (resource, path, size, make) => {
      expect((await clientOf().post(`/api/${resource}`, make(size))).status).toBe(201)
      const answer = await clientOf().post(`/api/${resource}`, make(size + 1))
      expectProblem(answer, 400, 'invalid_request')
      expect(pathsOf(answer)).toEqual([path])
    },
  )

  it('refuses a broadcast to 1,001 contacts', async () => {
    const body = { name, text, contact_ids: Array(1001).fill(id) }
    const answer = await clientOf().post('/api/broadcasts', body)
    expect([answer.status, pathsOf(answer)]).toEqual([400, ['contact_ids']])
  })

  it.each<[unknown, string[]]>([
    [{}, ['']],
    [{ name: null }, ['name']],
    [{ id }, ['id']],
    [{ name: 'New', created_at: null }, ['created_at']],
    [{ phone: null }, ['phone']],
    [{ phone: null, email: null }, ['phone']],
    [{ phone: 'x' }, ['phone']],
  ])('refuses PATCH /contacts/{id} of %j and changes nothing', async (patch, paths) => {
    const client = clientOf()
    const contact = (await client.post('/api/contacts', { name, phone })).row
    const answer = await client.patch(`/api/contacts/${contact.id}`, patch)
    expectProblem(answer, 400, 'invalid_request')
    expect(pathsOf(answer)).toEqual(paths)
    expect((await client.get(`/api/contacts/${contact.id}`)).row).toEqual(contact)
  })

  it('keeps phone or email when two concurrent changes each clear one', async () => {
    const client = clientOf()
    const contact = { name, phone, email: 'ada@example.com' }
    const path = `/api/contacts/${(await client.post('/api/contacts', contact)).row.id}`
    const changes = [client.patch(path, { phone: null }), client.patch(path, { email: null })]
    const statuses = (await Promise.all(changes)).map((answer) => answer.status)
    expect(statuses.sort()).toEqual([200, 400])
  })

  it('refuses a message or a broadcast to contacts without a phone', async () => {
    const client = clientOf()
    const contact = (await client.post('/api/contacts', { name, email: 'ada@example.com' })).row
    const message = await client.post('/api/messages', { to: contact.id, text })
    expect([message.status, pathsOf(message)]).toEqual([400, ['to']])
    const broadcast = await client.post('/api/broadcasts', {
      name,
      text,
      contact_ids: [contact.id],
    })
    expect([broadcast.status, pathsOf(broadcast)]).toEqual([400, ['contact_ids']])
  })

  it('names the contacts of a broadcast that do not exist and writes nothing', async () => {
    const client = clientOf()
    const contact = (await client.post('/api/contacts', { name, phone })).row
    const body = { name, text, contact_ids: [contact.id, id] }
    const answer = await client.post('/api/broadcasts', body)
    expectProblem(answer, 404, 'not_found')
    expect(pathsOf(answer)).toEqual(['contact_ids.1'])
    expect((await client.get('/api/messages')).rows).toEqual([])
  })

  it('refuses a conversation_id that is not a UUID', async () => {
    const answer = await clientOf().get('/api/messages?conversation_id=1')
    expect([answer.status, pathsOf(answer)]).toEqual([400, ['conversation_id']])
  })
})
