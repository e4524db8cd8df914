// The owner of the demo account, who creates the measured keys through the API.
import { acme } from '../../scripts/demo-accounts.ts'

export type MadeKey = { id: string; token: string }
export type Tenant = { makeKey(body: Record<string, unknown>): Promise<MadeKey> }

export async function signIn(origin: string, password: string): Promise<Tenant> {
  const email = acme.people[0]?.email
  const headers = { 'content-type': 'application/json', origin }
  const session = await post(`${origin}/api/auth/sign-in/email`, headers, { email, password })
  const cookie = session.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  return {
    async makeKey(body) {
      const made = await post(`${origin}/api/api-keys`, { ...headers, cookie }, body)
      const { data } = (await made.json()) as { data: { id: string; key: string } }
      return { id: data.id, token: data.key }
    },
  }
}

async function post(url: string, headers: Record<string, string>, body: object): Promise<Response> {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return response
}
