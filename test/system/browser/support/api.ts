// The API without a browser: creates the data of a test, and checks what a page has changed.
import { randomUUID } from 'node:crypto'
import { secretOf } from '../../../support/system/launch.ts'
import { until } from '../../../support/system/until.ts'
import { latchkey } from './shared.ts'

export type CreatedKey = { id: string; key: string; key_prefix: string; name: string }

export type Person = {
  email: string
  password: string
  post: <T = unknown>(path: string, body: object) => Promise<T>
  /** Answered at once, and in force some seconds later. */
  patch: <T = unknown>(path: string, body: object) => Promise<T>
  get: <T = unknown>(path: string) => Promise<T>
}

export const demo = {
  owner: 'owner@acme.test',
  admin: 'admin@acme.test',
  member: 'member@acme.test',
  globex: 'owner@globex.test',
}

/** A signed-in person, by cookie. */
export async function signedIn(
  email: string,
  password = secretOf('DEMO_PASSWORD'),
): Promise<Person> {
  const url = await latchkey()
  const response = await send('POST', `${url}/api/auth/sign-in/email`, { email, password }, url, '')
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const request = async (method: string, path: string, body: object | null) =>
    (await send(method, url + path, body, url, cookie)).json()
  return {
    email,
    password,
    post: (path, body) => request('POST', path, body),
    patch: (path, body) => request('PATCH', path, body),
    get: (path) => request('GET', path, null),
  }
}

export async function createKey(
  person: Person,
  body: { name: string } & Record<string, unknown>,
): Promise<CreatedKey> {
  const { data } = await person.post<{ data: CreatedKey }>('/api/api-keys', body)
  return data
}

/** A new member of an account, by invitation. */
export async function inviteMember(inviter: Person, role: string, name: string): Promise<Person> {
  const email = `${name.toLowerCase().replaceAll(/[^a-z]+/g, '.')}.${randomUUID().slice(0, 8)}@acme.test`
  const invitation = await inviter.post<{ id: string }>('/api/auth/organization/invite-member', {
    email,
    role,
  })
  const password = randomUUID()
  await inviter.post(`/api/invitations/${invitation.id}/accept`, { name, password })
  return signedIn(email, password)
}

async function send(
  method: string,
  address: string,
  body: object | null,
  origin: string,
  cookie: string,
): Promise<Response> {
  const response = await fetch(address, {
    method,
    headers: {
      origin,
      ...(cookie && { cookie }),
      ...(body && { 'content-type': 'application/json' }),
      ...(method === 'PATCH' && { prefer: 'respond-async' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (response.ok) return response
  throw new Error(`${method} ${address}: ${response.status} ${await response.text()}`)
}

/** Waits until a key's usage has that many requests: they are counted after their responses. */
export async function waitForUsage(person: Person, id: string, requests: number): Promise<void> {
  const areCounted = await until(async () => {
    const { data } = await person.get<{ data: { total: number } }>(`/api/api-keys/${id}/usage`)
    return data.total >= requests
  }, 500)
  if (!areCounted) throw new Error(`${requests} requests were not counted.`)
}
