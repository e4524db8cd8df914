// The key that the pages name $KEY: it has keys:manage, and the demo account's owner creates it.
import { secretOf } from '../../support/system/launch.ts'
import { demoOwner, sendTo, signIn } from '../../support/system/sign-in.ts'

export async function createManagingKey(url: string): Promise<string> {
  const cookie = await signIn(sendTo(url), url, demoOwner(secretOf('DEMO_PASSWORD')))
  const response = await fetch(`${url}/api/api-keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, cookie },
    body: JSON.stringify({
      name: 'Documents',
      scopes: ['keys:manage', 'keys:verify', 'keys:portal', 'contacts:read'],
      may_grant: {},
    }),
  })
  if (!response.ok) throw new Error(`No key was created: ${response.status}`)
  return ((await response.json()) as { data: { key: string } }).data.key
}
