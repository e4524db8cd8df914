// An account that no other test uses, in the shared deployment, and its owner.
import { randomUUID } from 'node:crypto'
import { demo, type Person, signedIn } from './api.ts'

export async function ownAccount(name: string): Promise<Person> {
  const platform = await signedIn(demo.owner)
  const mark = randomUUID().slice(0, 8)
  const owner_email = `owner.${mark}@customer.test`
  const { data } = await platform.post<{ data: { invitation: { id: string } } }>('/api/accounts', {
    name: `${name} ${mark}`,
    owner_email,
  })
  const password = randomUUID()
  await platform.post(`/api/invitations/${data.invitation.id}/accept`, {
    name: 'Ines Barbosa',
    password,
  })
  return signedIn(owner_email, password)
}
