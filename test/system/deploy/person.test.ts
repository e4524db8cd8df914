// `npm run person -- … --remote` with the real wrangler against a fake of Cloudflare's API. The local database is that
// of test/system/docs, by the blocks of docs/people.md.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { createDatabase, query } from './cloud.ts'
import type { Cloudflare } from './cloudflare.ts'
import { logsOf, logText, migrationFiles, root } from './deployment.ts'
import { openCloudflare } from './open.ts'

const url = 'https://keys.example.com'

/** An account of Cloudflare with a deployed Latchkey, and one person in it. */
async function deployed(test: TestContext): Promise<Cloudflare> {
  const cloudflare = await openCloudflare(test)
  const { world } = cloudflare
  const version = {
    id: randomUUID(),
    bindings: [{ name: 'BASE_URL', type: 'plain_text', text: url }],
  }
  const traffic = [{ version_id: version.id, percentage: 100 }]
  world.worker = { versions: [version], deployed: traffic, crons: [], domains: [] }
  const database = createDatabase('latchkey')
  for (const file of migrationFiles('migrations')) {
    query(database.sql, readFileSync(join(root, 'migrations', file), 'utf8'))
  }
  query(
    database.sql,
    `INSERT INTO user (id, name, email, created_at, updated_at) VALUES ('u', 'Ada', 'o''hara@example.com', 1, 1);
     INSERT INTO organization (id, name, slug, created_at) VALUES ('a', 'Acme', 'a', 1);
     INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES ('m', 'a', 'u', 'owner', 1);`,
  )
  world.databases.push(database)
  return cloudflare
}

async function person(cloudflare: Cloudflare, ...args: string[]) {
  const child = spawn(process.execPath, ['scripts/person.ts', ...args], {
    cwd: root,
    env: {
      ...{ PATH: process.env.PATH, HOME: logsOf(cloudflare), CI: 'true' },
      ...{ CLOUDFLARE_API_BASE_URL: cloudflare.url, CLOUDFLARE_API_TOKEN: 'a-token' },
      // Else wrangler takes that of its last run, which it keeps in a file.
      CLOUDFLARE_ACCOUNT_ID: cloudflare.account,
      WRANGLER_LOG_PATH: logsOf(cloudflare),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (output.stdout += chunk))
  child.stderr.on('data', (chunk) => (output.stderr += chunk))
  const code = await new Promise<number>((resolve) => child.once('close', resolve))
  return { code, ...output }
}

const rowsOf = ({ world }: Cloudflare, sql: string) => query(world.databases[0]?.sql as never, sql)

describe('npm run person -- reset EMAIL --remote', {
  concurrency: 2,
  timeout: suiteTimeoutMs,
}, () => {
  it('prints a link of which the database has the digest, and no log the token', async (test) => {
    const cloudflare = await deployed(test)
    const { code, stdout, stderr } = await person(
      cloudflare,
      'reset',
      "O'Hara@example.com",
      '--remote',
    )
    assert.equal(code, 0, stdout + stderr)
    const link = new URL(stdout.trim().split('\n').at(-1) ?? '')
    assert.equal(`${link.origin}${link.pathname}`, `${url}/reset-password`)
    const token = link.hash.slice(1)
    assert.match(token, /^[\w-]{43}$/)
    const [row] = rowsOf(cloudflare, 'SELECT * FROM reset_link') as Record<string, unknown>[]
    assert.equal(row?.digest, createHash('sha256').update(token).digest('hex'))
    assert.deepEqual([row?.user_id, row?.origin, row?.account_id], ['u', 'operator', null])
    assert.equal(Number(row?.expires_at) - Number(row?.created_at), 30 * 60_000)
    const [event] = rowsOf(
      cloudflare,
      `SELECT * FROM audit_event WHERE action = 'reset_link.created'`,
    ) as Record<string, unknown>[]
    assert.deepEqual(
      [event?.account_id, event?.actor_kind, event?.subject_id],
      ['a', 'system', 'u'],
    )
    assert.equal(JSON.parse(String(event?.detail)).origin, 'operator')
    assert.ok(!logText(cloudflare).includes(token))
  })

  it('writes nothing where nobody has the address', async (test) => {
    const cloudflare = await deployed(test)
    const { code, stderr } = await person(cloudflare, 'reset', 'nobody@example.com', '--remote')
    assert.deepEqual([code, stderr.trim()], [1, 'Nobody has the address nobody@example.com.'])
    assert.deepEqual(rowsOf(cloudflare, 'SELECT * FROM reset_link'), [])
  })

  it('says how it is used', async (test) => {
    const cloudflare = await openCloudflare(test)
    for (const args of [
      ...[[], ['reset'], ['reset', 'nobody'], ['remove', 'a@b.c'], ['toString', 'a@b.c']],
      ['reset', 'a@b.c', '--all'],
    ]) {
      const { code, stderr } = await person(cloudflare, ...args)
      assert.equal(code, 1)
      assert.match(stderr, /Usage: npm run person -- reset\|remove-factors EMAIL/)
    }
    assert.deepEqual(cloudflare.calls, [])
  })
})

describe('npm run person -- remove-factors EMAIL --remote', {
  concurrency: 2,
  timeout: suiteTimeoutMs,
}, () => {
  const factors = `
    INSERT INTO totp (user_id, secret, enrolled_at) VALUES ('u', 'sealed', 1);
    INSERT INTO passkey (id, user_id, credential_id, public_key, sign_count, transports, name, is_backed_up, created_at)
      VALUES ('p', 'u', 'p', '', 0, '[]', 'A key', 0, 1);
    INSERT INTO recovery_code (user_id, digest, created_at) VALUES ('u', 'x', 1);
    INSERT INTO session (id, token, user_id, expires_at, created_at, updated_at)
      VALUES ('s', 't', 'u', 9e15, 1, 1);
    INSERT INTO user (id, name, email, created_at, updated_at) VALUES ('v', 'Bob', 'bob@example.com', 1, 1);
    INSERT INTO totp (user_id, secret, enrolled_at) VALUES ('v', 'sealed', 1);
    INSERT INTO session (id, token, user_id, expires_at, created_at, updated_at)
      VALUES ('w', 'w', 'v', 9e15, 1, 1);`
  const password = `INSERT INTO account (id, account_id, provider_id, user_id, password, created_at, updated_at)
    VALUES ('c', 'c', 'credential', 'u', 'a:b', 1, 1);`
  const counts = (cloudflare: Cloudflare) =>
    rowsOf(
      cloudflare,
      `SELECT (SELECT count(*) FROM totp) AS totp, (SELECT count(*) FROM passkey) AS passkeys,
        (SELECT count(*) FROM recovery_code) AS codes, (SELECT count(*) FROM session) AS sessions,
        (SELECT count(*) FROM mail) AS mails`,
    )[0] as object

  it('removes what is enrolled, ends the sessions, records it and tells the person', async (test) => {
    const cloudflare = await deployed(test)
    rowsOf(cloudflare, factors + password)
    const { code, stdout, stderr } = await person(
      ...([cloudflare, 'remove-factors', "O'Hara@example.com", '--remote'] as const),
    )
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /of Ada <o'hara@example.com> are removed/)
    assert.doesNotMatch(stdout, /no other way/)
    // Of Bob all stays.
    const left = { totp: 1, passkeys: 0, codes: 0, sessions: 1, mails: 1 }
    assert.deepEqual({ ...counts(cloudflare) }, left)
    const [event] = rowsOf(
      cloudflare,
      `SELECT * FROM audit_event WHERE action = 'factor.removed'`,
    ) as Record<string, unknown>[]
    assert.deepEqual(
      [event?.account_id, event?.actor_kind, event?.actor_id, event?.subject_id],
      ['a', 'system', null, 'u'],
    )
    const detail = JSON.parse(String(event?.detail))
    assert.deepEqual([detail.factor, detail.origin], ['all', 'operator'])
    const [mail] = rowsOf(cloudflare, 'SELECT * FROM mail') as Record<string, unknown>[]
    assert.deepEqual(
      [mail?.to_address, mail?.template, mail?.status, mail?.user_id],
      ["o'hara@example.com", 'factor_changed', 'pending', 'u'],
    )
    const data = JSON.parse(String(mail?.data))
    assert.deepEqual([data.change, typeof data.at], ['factors_removed', 'number'])
  })

  it('says where nothing is left to sign in with', async (test) => {
    const cloudflare = await deployed(test)
    rowsOf(cloudflare, factors)
    const { stdout } = await person(cloudflare, 'remove-factors', "o'hara@example.com", '--remote')
    assert.match(stdout, /npm run person -- reset o'hara@example.com/)
  })

  it('changes nothing of who has none, or is nobody', async (test) => {
    const cloudflare = await deployed(test)
    rowsOf(
      cloudflare,
      `${factors} DELETE FROM passkey; UPDATE totp SET secret = NULL WHERE user_id = 'u';`,
    )
    const before = counts(cloudflare)
    const none = await person(cloudflare, 'remove-factors', "o'hara@example.com", '--remote')
    assert.deepEqual(
      [none.code, none.stderr.trim()],
      [1, "Ada <o'hara@example.com> has no second factor."],
    )
    const nobody = await person(cloudflare, 'remove-factors', 'nobody@example.com', '--remote')
    assert.deepEqual(
      [nobody.code, nobody.stderr.trim()],
      [1, 'Nobody has the address nobody@example.com.'],
    )
    assert.deepEqual(counts(cloudflare), before)
  })
})
