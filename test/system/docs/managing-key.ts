// The key that the pages call $KEY: it holds keys:manage, made by the demo account's owner.
import { secretOf } from '../browser/support/server.ts'

export async function makeManagingKey(url: string): Promise<string> {
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url, ...headers },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response
  }
  const person = { email: 'owner@acme.test', password: secretOf('DEMO_PASSWORD') }
  const session = await post('/api/auth/sign-in/email', person)
  const cookie = session.headers.getSetCookie().map((line) => line.split(';')[0])
  const scopes = ['keys:manage', 'keys:verify', 'contacts:read']
  const made = await post(
    '/api/api-keys',
    { name: 'Documents', scopes },
    { cookie: cookie.join('; ') },
  )
  return ((await made.json()) as { data: { key: string } }).data.key
}
