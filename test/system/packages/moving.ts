// Runs the migration guides unchanged: their configuration is inserted into the shipped one, their SQL exports
// from tables with the schema of those systems, their shell commands import with the package as published, and the existing
// tokens of clients must work. SQLite gets the function of Postgres that the SQL uses.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, it } from 'node:test'
import { createTestHarness } from 'wrangler'
import { root } from '../../support/system/launch.ts'
import { databases } from '../../support/system/migrate.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { packed, run } from './tarball.ts'
import { createOwner, secrets } from './test-apps.ts'

const folder = join(root, '.wrangler', 'moving')
const baseUrl = 'http://localhost:8787'

/** The one code block of a language on a page. */
function block(page: string, language: string): string {
  const text = readFileSync(join(root, 'docs', `moving-from-${page}.md`), 'utf8')
  const found = [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))]
  equal(found.length, 1, `${language} blocks of ${page}`)
  return found[0]?.[1] ?? ''
}

function digest(token: string, encoding: 'hex' | 'base64' | 'base64url'): string {
  return createHash('sha256').update(token).digest(encoding)
}

const later = new Date(Date.now() + 86_400_000)
const earlier = new Date(Date.now() - 86_400_000)
const account = '00000000-0000-4000-8000-000000000001'

type System = {
  page: string
  tables: string
  /** Inserts rows; returns the tokens of two keys to import. Keys that must not be imported are in `excluded`. */
  fill(db: DatabaseSync): [string, string]
  excluded: string[]
}

const unkey: System = {
  page: 'unkey',
  tables:
    'CREATE TABLE `keys` (id, hash, start, for_workspace_id, name, owner_id, identity_id, meta, expires, enabled, deleted_at_m)',
  excluded: [],
  fill(db) {
    const insert = db.prepare('INSERT INTO `keys` VALUES (?, ?, ?, NULL, ?, ?, NULL, ?, ?, ?, ?)')
    const make = (
      name: string | null,
      expires: string | null,
      enabled = 1,
      deleted: number | null = null,
    ) => {
      const body = 'ABCDEFGHJK123456789'.slice(0, 4) + randomBytes(9).toString('hex')
      const token = `uk_${body}`
      const meta = '{"plan":"gold"}'
      insert.run(
        `key_${body}`,
        digest(token, 'base64'),
        `uk_${body.slice(0, 4)}`,
        name,
        'user_1',
        meta,
        expires,
        enabled,
        deleted,
      )
      return token
    }
    const mysqlTime = (date: Date) => date.toISOString().slice(0, -1).replace('T', ' ')
    this.excluded = [
      make('Off', null, 0),
      make('Gone', null, 1, 1),
      make('Over', mysqlTime(earlier)),
    ]
    return [make('Named', mysqlTime(later)), make(null, null)]
  },
}

const betterAuth: System = {
  page: 'better-auth',
  tables: 'CREATE TABLE apikey (id, name, start, prefix, key, referenceId, enabled, expiresAt)',
  excluded: [],
  fill(db) {
    const insert = db.prepare('INSERT INTO apikey VALUES (?, ?, ?, NULL, ?, ?, ?, ?)')
    const make = (name: string | null, expiresAt: string | number | null, enabled = 1) => {
      const token = randomBytes(640)
        .toString('base64')
        .replace(/[^A-Za-z]/g, '')
        .slice(0, 64)
      insert.run(
        crypto.randomUUID(),
        name,
        token.slice(0, 6),
        digest(token, 'base64url'),
        'user_1',
        enabled,
        expiresAt,
      )
      return token
    }
    this.excluded = [make('Off', null, 0), make('Over', earlier.getTime())]
    return [make('Named', later.toISOString()), make(null, Math.floor(later.getTime() / 1000))]
  },
}

const wacrm: System = {
  page: 'wacrm',
  tables:
    'CREATE TABLE api_keys (id, account_id, name, key_prefix, key_hash, scopes, expires_at, revoked_at)',
  excluded: [],
  fill(db) {
    const insert = db.prepare('INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    const make = (
      name: string,
      of = account,
      revoked: string | null = null,
      expires: string | null = null,
    ) => {
      const body = randomBytes(32).toString('base64url')
      const token = `wacrm_live_${body}`
      const prefix = `wacrm_live_${body.slice(0, 8)}`
      insert.run(
        crypto.randomUUID(),
        of,
        name,
        prefix,
        digest(token, 'hex'),
        '["contacts:read"]',
        expires,
        revoked,
      )
      return token
    }
    this.excluded = [make('Gone', account, earlier.toISOString()), make("Another's", 'other')]
    const timestamptz = later.toISOString().replace('T', ' ').replace('Z', '+00')
    return [make('Named', account, null, timestamptz), make('Other')]
  },
}

const systems = [unkey, betterAuth, wacrm]

/** The Worker with the configuration of the tests and the formats of all three pages. */
function writeWorker(): string {
  mkdirSync(folder, { recursive: true })
  const foreign = systems.map(
    ({ page }) => /^foreign: \{\n(.*)^\},$/ms.exec(block(page, 'ts'))?.[1],
  )
  const config = join(folder, 'latchkey.config.ts')
  const text = readFileSync(join(root, 'test', 'support', 'latchkey.config.ts'), 'utf8')
    .replaceAll("'../../src/", `'${root}/src/`)
    .replaceAll("'./protected-api.ts'", `'${root}/test/support/protected-api.ts'`)
    .replace('\n  scopes: {', `\n  foreign: {\n${foreign.join('')}},\n  scopes: {`)
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8')
    .replace('"dist/worker/index.js"', `"${folder}/worker/index.js"`)
    .replace(
      '"node scripts/',
      `"LATCHKEY_CONFIG=${config} WORKER_FOLDER=${folder}/worker node ${root}/scripts/`,
    )
    .replace(/^watch_dir = .*\n/m, '')
    .replaceAll('migrations_dir = "', `migrations_dir = "${root}/`)
    .replace('directory = "./', `directory = "${root}/`)
  writeFileSync(config, text)
  writeFileSync(join(folder, 'wrangler.toml'), toml)
  return join(folder, 'wrangler.toml')
}

/** Runs the SQL of the page, and writes what the program of its database would. Returns the path of the export. */
function exported({ page }: System, db: DatabaseSync): string {
  db.function('json_build_object', { varargs: true }, (...pairs) => {
    const fields = pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1]]] : []))
    return JSON.stringify(Object.fromEntries(fields))
  })
  const rows = db.prepare(block(page, 'sql')).all()
  const [first = {}] = rows
  const columns = Object.keys(first)
  // One column: each row is a line of JSON already.
  const isJson = columns.length === 1
  const path = join(folder, `${page}.${isJson ? 'ndjson' : 'csv'}`)
  const cell = (value: unknown) => `"${String(value ?? '').replaceAll('"', '""')}"`
  const lines = rows.map((row) =>
    isJson ? String(Object.values(row)[0]) : columns.map((column) => cell(row[column])).join(','),
  )
  writeFileSync(path, [...(isJson ? [] : [columns.join(',')]), ...lines, ''].join('\n'))
  return path
}

export function testMoving(): void {
  let stop = async () => {}
  let url = ''
  let jwt = ''
  let project = ''

  before(async () => {
    project = mkdtempSync(join(tmpdir(), 'latchkey-moving-'))
    writeFileSync(join(project, 'package.json'), '{}')
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', packed()], project)
    const configPath = writeWorker()
    const vars = { BASE_URL: baseUrl }
    const server = createTestHarness({
      root: dirname(configPath),
      workers: [{ configPath, secrets, vars } as never],
    })
    stop = () => server.close()
    url = String((await server.listen()).url)
    const worker = server.getWorker('latchkey')
    for (const { binding } of databases) await worker.applyD1Migrations(binding as never)
    const send = ((to: string, init?: RequestInit) => worker.fetch(to, init as never)) as never
    jwt = await createOwner(send)
  })
  after(async () => {
    await stop()
    removeFolder(project)
  })

  const me = async (token: string) => {
    const headers = { 'x-api-key': token }
    const response = await fetch(new URL('/api/v1/me', url), { headers })
    const { data } = (await response.json()) as { data?: Me }
    return { status: response.status, data }
  }
  type Me = { key: { name: string; scopes: string[]; expires_at: string | null } }

  for (const system of systems) {
    it(`imports keys of ${system.page} without a change for their clients`, async () => {
      const db = new DatabaseSync(':memory:')
      db.exec(system.tables)
      const [named, other] = system.fill(db)
      equal((await me(named)).status, 401)
      const path = exported(system, db)
      const lines = block(system.page, 'sh')
      match(lines, /^export LATCHKEY_URL=\S+ LATCHKEY_JWT=\S+\n.* keys\.\w+ /)
      const script = lines
        .replace(/LATCHKEY_URL=\S+ LATCHKEY_JWT=\S+/, `LATCHKEY_URL=${url} LATCHKEY_JWT=${jwt}`)
        .replace(/keys\.\w+/, path)
      const first = await shell(script, project)
      match(first.output, /\b2 created\b/)
      equal(first.code, 0, first.output)
      const moved = await me(named)
      equal(moved.status, 200)
      ok(moved.data?.key.scopes.includes('contacts:read'))
      deepEqual(
        [moved.data?.key.name, moved.data?.key.expires_at?.slice(0, 19)],
        ['Named', later.toISOString().slice(0, 19)],
      )
      equal((await me(other)).status, 200)
      for (const token of system.excluded) equal((await me(token)).status, 401)
      match((await shell(script, project)).output, /\b2 exists\b/)
    })
  }
}

async function shell(
  script: string,
  cwd: string,
): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-euc', script], { cwd })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}
