// The migrations of wrangler.toml's databases, applied to a workerd that Miniflare runs.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Miniflare } from 'miniflare'
import { unstable_readConfig, unstable_splitSqlQuery } from 'wrangler'
import { seedDemo } from '../../../scripts/seed.ts'
import { root } from '../../../scripts/settings.ts'

type Target = {
  /** The Worker whose bindings are used, if there are several. */
  worker?: string
  /** The migrations to apply, all by default. */
  which?: (file: string, binding: string) => boolean
}

type Database = { binding: string; database_name?: string; migrations_dir?: string }

export const databases: Database[] = unstable_readConfig({
  config: join(root, 'wrangler.toml'),
}).d1_databases

/** Applies each migration atomically, in order. @returns the applied files. */
export async function migrate(
  miniflare: Miniflare,
  { worker, which = () => true }: Target = {},
): Promise<string[]> {
  const applied: string[] = []
  for (const { binding, migrations_dir = 'migrations' } of databases) {
    const db = await miniflare.getD1Database(binding, worker)
    const folder = join(root, migrations_dir)
    const files = readdirSync(folder).filter(
      (file) => file.endsWith('.sql') && which(file, binding),
    )
    for (const file of files.sort()) {
      const statements = unstable_splitSqlQuery(readFileSync(join(folder, file), 'utf8'))
      await db.batch(statements.map((sql) => db.prepare(sql)))
      applied.push(file)
    }
  }
  return applied
}

/** The demo accounts of `npm start`, whose people sign in with `password`. */
export async function seed(miniflare: Miniflare, password: string, worker?: string): Promise<void> {
  const found = databases.map(
    async ({ binding }) => [binding, await miniflare.getD1Database(binding, worker)] as const,
  )
  await seedDemo(Object.fromEntries(await Promise.all(found)) as never, password)
}
