// The account of a page of the dashboard: in its address, in each of its requests, and where a visit starts.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

type Modules = {
  account: typeof import('../../src/dashboard/api/account.ts')
  client: typeof import('../../src/dashboard/api/client.ts')
  auth: typeof import('../../src/dashboard/api/better-auth.ts')
  questions: typeof import('../../src/dashboard/api/questions.ts')
}

const acme = '0c6b1c01-9ba9-447d-86a9-1c14672e70fc'
const globex = 'f5a727de-a2a5-495b-8e0c-f69358905386'

/** As a page that has just been loaded. */
async function loadPage(): Promise<Modules> {
  vi.resetModules()
  return {
    account: await import('../../src/dashboard/api/account.ts'),
    client: await import('../../src/dashboard/api/client.ts'),
    auth: await import('../../src/dashboard/api/better-auth.ts'),
    questions: await import('../../src/dashboard/api/questions.ts'),
  }
}

let sent: { url: string; headers: Headers }[] = []
let answers: Response[] = []

beforeEach(() => {
  sent = []
  answers = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    sent.push({ url, headers: new Headers(init.headers) })
    return answers.shift() ?? Response.json({ status: 'success', data: {} })
  })
})
afterEach(() => vi.unstubAllGlobals())

const named = () => sent.map(({ headers }) => headers.get('latchkey-account'))

it('the address of a page names its account', async () => {
  const { accountInPath, pathInAccount } = (await loadPage()).account
  expect(accountInPath(`/a/${acme}/keys`)).toBe(acme)
  expect(accountInPath(`/a/${acme}`)).toBe(acme)
  expect(accountInPath(pathInAccount(acme, '/members'))).toBe(acme)
  for (const path of ['/', '/keys', '/a', '/a/', '/account', '/sign-in', `/keys/a/${acme}`]) {
    expect(accountInPath(path), path).toBeNull()
  }
})

it('a loaded page never becomes one of another account', async () => {
  const { enterAccount, accountOfPage } = (await loadPage()).account
  expect(enterAccount(null)).toBe(true)
  expect(enterAccount(acme)).toBe(true)
  expect(enterAccount(acme)).toBe(true)
  expect(enterAccount(globex)).toBe(false)
  expect(enterAccount(null)).toBe(false)
  expect(accountOfPage()).toBe(acme)
})

it('every request of a page names its account, whatever other headers it has', async () => {
  const { account, client, auth } = await loadPage()
  account.enterAccount(acme)
  await client.management['api-keys'].$get({ query: {} })
  const id = globex
  const headers = { 'if-match': '"1"' }
  await client.management['api-keys'][':id'].$patch({ param: { id }, json: {} }, { headers })
  await auth.authGet('organization/get-full-organization')
  await auth.authPost('organization/invite-member', { email: 'a@b.test' })
  await client.fetchOrProblem('/api/account/export')
  expect(named()).toEqual([acme, acme, acme, acme, acme])
  expect(sent[1]?.headers.get('if-match')).toBe('"1"')
  expect(sent[1]?.headers.get('content-type')).toBe('application/json')
  expect(sent[3]?.headers.get('content-type')).toBe('application/json')
})

it('a page without an account names none', async () => {
  const { account, auth } = await loadPage()
  account.enterAccount(null)
  await auth.authPost('sign-in/email', {})
  expect(named()).toEqual([null])
})

it('the person, their accounts and the sign-out are asked for without an account', async () => {
  const { account, auth } = await loadPage()
  account.enterAccount(acme)
  await auth.authGet('get-session')
  await auth.authGet('organization/list')
  await auth.authPost('sign-out')
  await auth.authGet('organization/list-members')
  expect(named()).toEqual([null, null, null, acme])
})

it('a request that is sent again after step-up names the same account', async () => {
  const { account, client, questions } = await loadPage()
  account.enterAccount(acme)
  answers = [Response.json({ code: 'step_up_required' }, { status: 403 })]
  questions.stepUp.register(async () => true)
  await client.management.account.deletion.$post({ json: { name: 'Acme Inc' } })
  expect(named()).toEqual([acme, acme])
})

it('a visit without an account starts in the last one, else in that of the session, else in the first', async () => {
  const { startingAccount } = (await loadPage()).account
  const accounts = [{ id: 'one' }, { id: 'two' }, { id: 'three' }]
  expect(startingAccount(accounts, 'two', 'three')?.id).toBe('three')
  expect(startingAccount(accounts, 'two', 'left since')?.id).toBe('two')
  expect(startingAccount(accounts, 'two', null)?.id).toBe('two')
  expect(startingAccount(accounts, 'left since', null)?.id).toBe('one')
  expect(startingAccount(accounts, null, null)?.id).toBe('one')
  expect(startingAccount([], 'one', 'one')).toBeUndefined()
})
