// Calls the CRM as Latchkey's gateway does, with the headers that only the gateway may set.
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import app from '../src/app.ts'

export type Row = Record<string, unknown> & { id: string }

export type Answer = {
  status: number
  headers: Headers
  body: Record<string, unknown>
  /** `data` of one resource. */
  row: Row
  /** `data` of a list. */
  rows: Row[]
  nextCursor: string | null
}

export type Client = ReturnType<typeof clientOf>

/** A client of one account. Tests of a file share the database, so each test uses a new account. */
export function clientOf(accountId: string = crypto.randomUUID(), database = env.CRM_DB) {
  async function send(path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers)
    headers.set('x-latchkey-account', accountId)
    headers.set('x-latchkey-request-id', 'req-1')
    return read(await app.request(path, { ...init, headers }, { CRM_DB: database }))
  }
  const sendJson = (method: string) => (path: string, body: unknown) =>
    send(path, {
      method,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
  return {
    accountId,
    send,
    get: (path: string) => send(path),
    post: sendJson('POST'),
    patch: sendJson('PATCH'),
    delete: (path: string) => send(path, { method: 'DELETE' }),
  }
}

export async function read(response: Response): Promise<Answer> {
  const body = (await response.json()) as Record<string, unknown>
  return {
    status: response.status,
    headers: response.headers,
    body,
    row: body.data as Row,
    rows: body.data as Row[],
    nextCursor: body.next_cursor as string | null,
  }
}

/** Inserts contacts of the same millisecond. @returns their ids, newest first. */
export async function insertContacts(accountId: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => crypto.randomUUID())
  const rows = JSON.stringify(ids.map((id, index) => ({ id, phone: `+1202555${1000 + index}` })))
  await env.CRM_DB.prepare(
    `insert into contacts (id, account_id, name, phone, tags, created_at, updated_at)
     select value->>'id', ?, 'Contact', value->>'phone', '[]', 1760000000123, 1760000000123
     from json_each(?)`,
  )
    .bind(accountId, rows)
    .run()
  return ids.sort().reverse()
}

export function expectProblem(answer: Answer, status: number, code: string) {
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.body).toMatchObject({
    type: `/docs/errors#${code}`,
    title: expect.any(String),
    status,
    detail: expect.any(String),
    code,
    request_id: 'req-1',
  })
}
