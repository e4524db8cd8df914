// Every road by SQL that changes what a key may do leaves a raise: the columns that a record is made of, the triggers of
// D1, and the modules that write the tables. Each list is compared with what there is.
import { beforeAll, describe, expect, it } from 'vitest'
import { groupOf } from '../../src/core/subject.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { openFence } from '../support/fences.ts'
import { lastSequence, rowsOf, run, watchRecords } from '../support/records.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

const changedRecords = watchRecords()
let app: TestApp

beforeAll(async () => {
  app = await createTestApp()
  await openFence()
})

/** An account whose admin has a key that inherits their role. */
async function openWithKey() {
  const account = await openAccount()
  await makeKey(app, account.admin.jwt)
  await run('DELETE FROM pending_raise')
  await changedRecords()
  return account
}

function rowOf(table: string, accountId: string, userId: string): [string, string] {
  if (table === 'member') return ['user_id', userId]
  return [table === 'account_control' ? 'account_id' : 'id', accountId]
}

const pending = () =>
  rowsOf<{ subject: string; seq: number }>('SELECT subject, seq FROM pending_raise')

describe('the record of a key changes', () => {
  it.each([
    ['organization', ['name', 'closes_at']],
    ['member', ['role']],
    ['account_control', ['suspended_at']],
  ])(
    'with a column of %s only where that raises the group of the account',
    async (table, expected) => {
      const columns = await rowsOf<{ name: string; type: string }>(`PRAGMA table_info(${table})`)
      const raising: string[] = []
      for (const { name, type } of columns) {
        // They say which row it is.
        if (name === 'id' || name.endsWith('_id')) continue
        const { id, admin } = await openWithKey()
        await run('INSERT INTO account_control (account_id) VALUES (?)', id)
        const before = await lastSequence()
        const other = name === 'role' ? 'member' : type === 'INTEGER' ? 2_000_000_000 : 'other'
        const [key, row] = rowOf(table, id, admin.id)
        await run(`UPDATE ${table} SET ${name} = ? WHERE ${key} = ?`, other, row)
        const changed = await changedRecords()
        const left = await pending()
        expect(left.length, name).toBe(changed.length)
        if (left.length === 0) continue
        expect(left).toEqual([{ subject: groupOf(id), seq: await lastSequence() }])
        expect(left[0]?.seq).toBeGreaterThan(before)
        raising.push(name)
      }
      expect(raising).toEqual(expected)
    },
  )

  it('with members who go and come again only where that raises the group', async () => {
    const { id, admin } = await openWithKey()
    const again = `INSERT INTO member (id, organization_id, user_id, role, created_at)
      VALUES ('again', ?, ?, 'admin', 1)`
    const steps: [string, ...unknown[]][] = [
      ['DELETE FROM member WHERE user_id = ?', admin.id],
      [again, id, admin.id],
      ['DELETE FROM user WHERE id = ?', admin.id],
    ]
    for (const [text, ...values] of steps) {
      await run('DELETE FROM pending_raise')
      await run(text, ...values)
      expect(await changedRecords(), text).toHaveLength(1)
      expect(await pending(), text).toEqual([{ subject: groupOf(id), seq: await lastSequence() }])
    }
  })
})

describe('the suspension of an account', () => {
  it('raises the group when it begins and when it ends, and not when it is written again', async () => {
    const { id } = await openWithKey()
    const write = `INSERT INTO account_control (account_id, suspended_at) VALUES (?, ?)
      ON CONFLICT (account_id) DO UPDATE SET suspended_at = excluded.suspended_at`
    for (const [at, raises] of [
      ...[[5, 1] as const, [9, 0] as const, [null, 1] as const],
      ...[[null, 0] as const, [7, 1] as const],
    ]) {
      await run('DELETE FROM pending_raise')
      await run(write, id, at)
      const subjects = (await pending()).map(({ subject }) => subject)
      expect(subjects, `${at}`).toEqual(Array(raises).fill(groupOf(id)))
      expect((await changedRecords()).length, `${at}`).toBe(raises)
    }
  })
})

describe('a trigger', () => {
  const bodies = async () => {
    const query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    const triggers = await rowsOf<{ name: string; sql: string }>(query)
    return triggers.map(({ name, sql }) => ({ name, body: sql.slice(sql.search(/\bBEGIN\b/i)) }))
  }
  const namesOf = (triggers: { name: string }[]) => triggers.map(({ name }) => name)

  it('changes what a key may do only where it leaves a raise', async () => {
    /** No record shows them. */
    const unseen = ['needs_review', 'name_folded']
    const columnsOf = (body: string) =>
      [...body.matchAll(/UPDATE api_key\s+SET\s+(.*?)\s+WHERE/gis)].flatMap(([, set = '']) =>
        [...set.matchAll(/(\w+) = (?:\([^)]*\)|[^,]*)/g)].map(([, column = '']) => column),
      )
    const all = await bodies()
    const writing = all.filter(({ body }) => /\b(?:UPDATE|INTO)\s+api_key\b/i.test(body))
    expect(namesOf(writing)).toEqual(['api_key_renamed', 'former_grants_end', 'review_due_page'])
    const changing = writing.filter(({ body }) => {
      const columns = columnsOf(body)
      expect(columns.length, body).toBeGreaterThan(0)
      return columns.some((column) => !unseen.includes(column))
    })
    expect(namesOf(changing)).toEqual(['former_grants_end'])
    for (const { body } of changing) expect(body).toContain('INSERT INTO account_change')
    expect(namesOf(all.filter(({ body }) => body.includes('INTO account_change')))).toEqual([
      ...['account_closes', 'account_renamed', 'account_suspended'],
      ...['account_suspension_changed', 'former_grants_end'],
      ...['member_added', 'member_removed', 'member_role_changed'],
    ])
    expect(namesOf(all.filter(({ body }) => body.includes('INTO pending_raise')))).toEqual([
      'account_change_raises',
    ])
  })
})

describe('the tables that records are made of', () => {
  it('are written by these modules and by Better Auth alone', () => {
    const sources: Record<string, string> = import.meta.glob('../../src/**/*.ts', {
      query: '?raw',
      import: 'default',
      eager: true,
    })
    const tables = String.raw`(?:\$\{(?:apiKey|organization|member|accountControl)\}|(?:api_key|organization|member|account_control)\b)`
    const bySql = new RegExp(`(?:update|delete from|insert into|replace into) ${tables}`, 'i')
    const byBuilder = /(?:update|delete|insert)\((?:apiKey|organization|member|accountControl)\)/
    const writing = Object.entries(sources)
      .filter(([, text]) => bySql.test(text) || byBuilder.test(text))
      .map(([path]) => path.replace('../../src/', ''))
    expect(writing.sort()).toEqual([
      // Closes accounts, which raises; deletes those whose keys are revoked, and erases what their keys said.
      'storage/account-store.ts',
      // New people with their first membership; known ones join by Better Auth.
      'storage/joining.ts',
      // The way of every change.
      'storage/key-changes.ts',
      // Creates.
      'storage/key-import.ts',
      // Writes what no record shows.
      'storage/last-uses.ts',
      'storage/name-folding.ts',
      // The first account with its owner.
      'storage/people-store.ts',
      // Suspends, closes and renames accounts for the platform, which raises.
      'storage/platform-accounts.ts',
    ])
  })
})
