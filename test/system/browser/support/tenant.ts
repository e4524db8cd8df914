// A deployment of its own with the platform and one account of a customer, whose owner a test is.
import { randomUUID } from 'node:crypto'
import { secretOf } from '../../../support/system/launch.ts'
import { sendTo, setUp, signIn } from '../../../support/system/sign-in.ts'

type Owner = { account: string; name: string; email: string; password: string }

/** The platform account cannot be deleted, so what deletes one needs another. */
export async function setUpTenant(url: string, owner: Owner): Promise<void> {
  const send = sendTo(url)
  const operator = { email: 'operator@latchkey.test', password: randomUUID() }
  await setUp(send, url, secretOf('SETUP_TOKEN'), operator)
  const cookie = await signIn(send, url, operator)
  const post = async (path: string, body: object, headers = {}) => {
    const response = await send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url, ...headers },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json() as Promise<{ data: { invitation: { id: string } } }>
  }
  const { account, name, email, password } = owner
  const created = await post('/api/accounts', { name: account, owner_email: email }, { cookie })
  await post(`/api/invitations/${created.data.invitation.id}/accept`, { name, password })
}
