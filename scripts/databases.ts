// Migrates the local databases. `wrangler d1 migrations apply` takes two seconds per database; this opens both
// at once and records the migrations in wrangler's own table, `d1_migrations`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { D1Database } from '@cloudflare/workers-types'
import type { Unstable_Config } from 'wrangler'
import { seedDemo } from './seed.ts'
import { Refusal, root, type Settings } from './settings.ts'

type Binding = Unstable_Config['d1_databases'][number]
type Split = (sql: string) => string[]

/** Without a password, nothing is seeded. */
export async function prepareDatabases(
  { stateDir }: Settings,
  password: string | null,
): Promise<void> {
  // Imported late: it takes more than half a second, and the port is checked before that.
  const wrangler = await import('wrangler')
  const config = wrangler.unstable_readConfig({ config: join(root, 'wrangler.toml') })
  const proxy = await wrangler.getPlatformProxy<Record<string, D1Database>>({
    configPath: writeDatabaseConfig(stateDir, config),
    persist: { path: join(stateDir, 'v3') },
    remoteBindings: false,
  })
  try {
    for (const binding of config.d1_databases) {
      const db = proxy.env[binding.binding]
      if (db) await migrate(db, binding, wrangler.unstable_splitSqlQuery)
    }
    const seeded = password === null ? [] : await seedDemo(proxy.env, password)
    if (seeded.length > 0) console.log(`Seeded the demo accounts ${seeded.join(' and ')}.`)
  } finally {
    await proxy.dispose()
  }
}

/** Only the databases of wrangler.toml: no Durable Object, queue or secret is needed here. */
function writeDatabaseConfig(stateDir: string, config: Unstable_Config): string {
  const { name, compatibility_date, d1_databases } = config
  const path = join(stateDir, 'databases.json')
  writeFileSync(path, JSON.stringify({ name, compatibility_date, d1_databases }))
  return path
}

async function migrate(db: D1Database, binding: Binding, split: Split): Promise<void> {
  const folder = resolve(root, binding.migrations_dir ?? 'migrations')
  const name = binding.database_name ?? binding.binding
  await db.exec(
    'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, ' +
      'name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
  )
  const { results } = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
  const applied = new Set(results.map((row) => row.name))
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'))
  const pending = files.filter((file) => !applied.has(file)).sort()
  const record = db.prepare('INSERT INTO d1_migrations (name) VALUES (?)')
  for (const file of pending) {
    const statements = split(readFileSync(join(folder, file), 'utf8'))
    // One batch is one transaction: a migration is applied and recorded, or neither.
    const batch = [...statements.map((sql) => db.prepare(sql)), record.bind(file)]
    await db.batch(batch).catch((error: Error) => {
      throw new Refusal(
        `Migration ${file} of ${name} failed: ${error.message}\n` +
          'If the state is older than the migrations, delete its folder (LATCHKEY_STATE) and start again.',
      )
    })
  }
  if (pending.length > 0) console.log(`Migrated ${name}: ${pending.join(', ')}.`)
}
