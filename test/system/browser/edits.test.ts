// Two people change one key at the same time: neither undoes what the other did.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, openKey, openPage, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { lookEverywhere } from './support/look.ts'

type Stored = { name: string; allowed_ips: string[] | null; external_id: string | null }

async function readKey(id: string): Promise<Stored> {
  return (await (await signedIn(demo.owner)).get<{ data: Stored }>(`/api/api-keys/${id}`)).data
}

/** Both with the form of one key open. */
async function twoForms(
  t: Parameters<typeof openPage>[0],
  name: string,
): Promise<{ id: string; ada: Page; bob: Page }> {
  const { id } = await createKey(await signedIn(demo.owner), { name, scopes: [] })
  const [ada, bob] = [await openPage(t, {}, ['status of 412']), await openPage(t)]
  await Promise.all([signIn(ada, demo.owner), signIn(bob, demo.admin)])
  for (const page of [ada, bob]) {
    await openKey(page, name)
    await page.getByRole('button', { name: 'Edit' }).click()
    await heading(page, `Edit ${name}`)
  }
  return { id, ada, bob }
}

const conflict = (page: Page) =>
  page.getByRole('dialog', { name: 'Somebody else changed this key' })
const version = (page: Page, field: string) =>
  conflict(page).getByRole('listitem').filter({ hasText: field })
const save = (page: Page) => page.getByRole('button', { name: 'Save changes' }).click()

async function restrict(page: Page, addresses: string): Promise<void> {
  await page.getByRole('button', { name: 'External ID, addresses, metadata' }).click()
  await page.getByLabel('Allowed IP addresses', { exact: true }).fill(addresses)
  await save(page)
}

test('a rename leaves the restriction that a colleague set meanwhile, and says who and when', async (t) => {
  const name = `Renamed ${randomUUID().slice(0, 8)}`
  const { id, ada, bob } = await twoForms(t, name)
  await restrict(bob, '203.0.113.7')
  await heading(bob, name)

  await ada.getByLabel('Name', { exact: true }).fill(`${name}, new`)
  await save(ada)
  await conflict(ada).waitFor()
  const theirs = version(ada, 'Allowed IP addresses')
  await theirs.getByText('203.0.113.7').waitFor()
  await theirs.getByText(/^by .+, just now$/).waitFor()
  await version(ada, 'Name').getByText(`${name}, new`).waitFor()
  await lookEverywhere(ada, 'edit-conflict')
  assert.equal((await readKey(id)).name, name, 'nothing was saved yet')
  await conflict(ada).getByRole('button', { name: 'Save my changes on top' }).click()
  await heading(ada, `${name}, new`)
  const { allowed_ips } = await readKey(id)
  assert.deepEqual(allowed_ips, ['203.0.113.7'])
})

test('of one field that both changed, the form goes on with neither before one is chosen', async (t) => {
  const name = `Contested ${randomUUID().slice(0, 8)}`
  const { id, ada, bob } = await twoForms(t, name)
  await bob.getByLabel('Name', { exact: true }).fill(`${name}, of Bob`)
  await save(bob)
  await heading(bob, `${name}, of Bob`)
  await ada.getByLabel('Name', { exact: true }).fill(`${name}, of Ada`)
  await save(ada)
  await conflict(ada).getByText(`${name}, of Bob`).waitFor()
  await conflict(ada).getByRole('button', { name: 'Back to the form' }).click()
  const field = ada.getByLabel('Name', { exact: true })
  await expect(field).toHaveValue(`${name}, of Ada`)
  await save(ada)
  await conflict(ada).getByRole('button', { name: 'Discard my changes' }).click()
  await heading(ada, `${name}, of Bob`)
  assert.equal((await readKey(id)).name, `${name}, of Bob`)
})

test('a form that is open while another tab changes the key sends only what was typed into it', async (t) => {
  const name = `Beside ${randomUUID().slice(0, 8)}`
  const { id } = await createKey(await signedIn(demo.owner), { name, scopes: [] })
  const page = await openPage(t, {}, ['status of 412'])
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Name', { exact: true }).fill(`${name}, new`)
  const other = await page.context().newPage()
  await openKey(other, name)
  await other.getByRole('button', { name: 'Edit' }).click()
  await restrict(other, '2001:db8::/32')
  await heading(other, name)
  const sent = page.waitForRequest((request) => request.method() === 'PATCH')
  await save(page)
  const request = await sent
  assert.deepEqual(request.postDataJSON(), { name: `${name}, new` })
  assert.match(request.headers()['if-match'] ?? '', /^"\d+"$/)
  await conflict(page).getByRole('button', { name: 'Save my changes on top' }).click()
  await heading(page, `${name}, new`)
  const { allowed_ips } = await readKey(id)
  assert.deepEqual(allowed_ips, ['2001:db8::/32'])
})

test('an edit whose answer was lost is saved once, and the form says so', async (t) => {
  const name = `Saved unseen ${randomUUID().slice(0, 8)}`
  const { id } = await createKey(await signedIn(demo.owner), { name, scopes: [] })
  const page = await openPage(t, {}, ['status of 412', 'net::ERR'])
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Name', { exact: true }).fill(`${name}, new`)
  let isLost = false
  await page.route(`**/api/api-keys/${id}`, async (route) => {
    if (route.request().method() !== 'PATCH' || isLost) return route.fallback()
    isLost = true
    await route.fetch()
    await route.abort('connectionreset')
  })
  await save(page)
  await page.getByRole('alert').getByText('No answer arrived').waitFor()
  await save(page)
  const dialog = page.getByRole('dialog', { name: 'Your changes are saved already' })
  await dialog.getByRole('button', { name: 'Close the form' }).click()
  await heading(page, `${name}, new`)
})

test('metadata is read strictly, saved, shown, and edited as it is; ids are copied', async (t) => {
  const name = `Described ${randomUUID().slice(0, 8)}`
  const owner = await signedIn(demo.owner)
  const { id } = await createKey(owner, { name, scopes: [], external_id: 'customer-3' })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Edit' }).click()
  const metadata = page.getByLabel('Metadata')
  for (const [text, error] of [
    ['{plan: gold}', 'This is not JSON'],
    ['["gold"]', 'Enter a JSON object'],
    ['{"id": 12345678901234567890}', 'Put 12345678901234567890 in quotes'],
  ] as const) {
    await metadata.fill(text)
    await save(page)
    await page.getByText(error).first().waitFor()
  }
  await metadata.fill('{"plan": "gold", "seats": [1, 2.5]}')
  await lookEverywhere(page, 'edit-metadata')
  await save(page)
  await heading(page, name)
  await page.getByText('"plan": "gold"').waitFor()
  const read = () => owner.get<{ data: { metadata: unknown } }>(`/api/api-keys/${id}`)
  assert.deepEqual((await read()).data.metadata, { plan: 'gold', seats: [1, 2.5] })
  for (const [what, text] of [
    ['key ID', id],
    ['external ID', 'customer-3'],
  ] as const) {
    await page.bringToFront()
    await page.getByRole('button', { name: `Copy ${what}` }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(text)
    await page.getByRole('button', { name: 'Copied' }).waitFor({ state: 'detached' })
  }
  await page.getByRole('button', { name: 'Edit' }).click()
  await metadata.fill('')
  await save(page)
  await heading(page, name)
  assert.equal((await read()).data.metadata, null)
})
