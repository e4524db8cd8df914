// GET /api/members/factors: owners see who has a second factor before they require one.
import { expect, it } from 'vitest'
import { outcome } from '../support/account.ts'
import { enrolApp, newPerson } from '../support/factors.ts'
import { cookieOf, fromOwnPage } from '../support/permission-matrix.ts'
import { createAccount, createTestApp, type TestPerson } from '../support/test-app.ts'

const app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })

it('is for owners, of the members of the account alone, and follows what they enrol', async () => {
  const accountId = await createAccount('Careful Inc')
  const owner = await newPerson(accountId)
  const admin = await newPerson(accountId, 'admin')
  await newPerson(await createAccount('Elsewhere'))
  const list = async (person: TestPerson) => {
    const headers = { ...fromOwnPage, cookie: await cookieOf(person, accountId) }
    return app.request('GET', '/api/members/factors', { headers })
  }
  const factors = async () => (await list(owner)).body.data
  await enrolApp(owner)
  expect(await factors()).toEqual([
    { user_id: owner.id, has_factor: true },
    { user_id: admin.id, has_factor: false },
  ])
  await enrolApp(admin)
  expect(await factors()).toContainEqual({ user_id: admin.id, has_factor: true })
  expect(await outcome(list(admin))).toBe('403 forbidden')
})
