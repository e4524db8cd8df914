// Accounts with people of each role, and keys created over HTTP.
import { addPerson, createAccount, type TestApp, type TestPerson } from './test-app.ts'

export type Account = {
  id: string
  name: string
  owner: TestPerson
  admin: TestPerson
  member: TestPerson
}

export async function openAccount(name = 'Acme Inc'): Promise<Account> {
  const id = await createAccount(name)
  const owner = await addPerson(id, 'owner')
  const admin = await addPerson(id, 'admin')
  const member = await addPerson(id, 'member')
  return { id, name, owner, admin, member }
}

export type MadeKey = { id: string; key: string; key_prefix: string; scopes: string[] | null }

/** The data of a 201; anything else is an error with the response. */
export async function makeKey(
  app: TestApp,
  as: string,
  body: Record<string, unknown> = {},
): Promise<MadeKey> {
  const made = await app.request('POST', '/api/api-keys', { as, body: { name: 'A key', ...body } })
  if (made.status !== 201) throw new Error(`No key was created: ${made.status} ${made.text}`)
  return made.body.data
}

/** The status of an answer, with the code of a problem: `401 revoked_api_key`. */
export async function outcome(
  answer: Promise<{ status: number; body: { code?: string } | null }>,
): Promise<string> {
  const { status, body } = await answer
  return status < 400 ? String(status) : `${status} ${body?.code}`
}
