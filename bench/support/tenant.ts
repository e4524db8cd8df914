// The owner of the demo account, who creates the measured keys through the API.
import { demoOwner, signIn as openSession, sendTo } from '../../test/support/system/sign-in.ts'

export type MadeKey = { id: string; token: string }
export type Tenant = { makeKey(body: Record<string, unknown>): Promise<MadeKey> }

export async function signIn(origin: string, password: string): Promise<Tenant> {
  const cookie = await openSession(sendTo(origin), origin, demoOwner(password))
  return {
    async makeKey(body) {
      const response = await fetch(`${origin}/api/api-keys`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin, cookie },
        body: JSON.stringify(body),
      })
      if (!response.ok) throw new Error(`No key: ${response.status} ${await response.text()}`)
      const { data } = (await response.json()) as { data: { id: string; key: string } }
      return { id: data.id, token: data.key }
    },
  }
}
