// What must be true of a complete deployment.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import { databases } from '../../support/system/migrate.ts'
import type { Cloudflare } from './cloudflare.ts'
import {
  bindingsOf,
  logText,
  migrationFiles,
  migrationsOf,
  type Run,
  root,
  secretsOf,
  secretValues,
} from './deployment.ts'

/** The migrations of each database, by its name. */
export const folders = Object.fromEntries(
  databases.map(({ database_name = '', migrations_dir = 'migrations' }) => [
    database_name,
    migrations_dir,
  ]),
)
export const workersDev = 'https://latchkey.example.workers.dev'

type Config = {
  secrets: { required: string[] }
  triggers: { crons: string[] }
  queues: { [side in 'producers' | 'consumers']?: { queue: string; dead_letter_queue?: string }[] }
}
const config = unstable_readConfig({ config: join(root, 'wrangler.toml') }) as unknown as Config
export const requiredSecrets = config.secrets.required
const { producers = [], consumers = [] } = config.queues
const queues = [...producers, ...consumers].flatMap((one) => [
  one.queue,
  ...(one.dead_letter_queue === undefined ? [] : [one.dead_letter_queue]),
])

/** Each resource once, migrated, bound and scheduled, with every secret and BASE_URL. */
export function assertComplete(cloudflare: Cloudflare, address = workersDev): void {
  const { world } = cloudflare
  assert.deepEqual(
    cloudflare.unknown,
    [],
    'wrangler sent requests that the fake API has no route for',
  )
  assert.deepEqual(world.databases.map(({ name }) => name).sort(), Object.keys(folders).sort())
  for (const [name, folder] of Object.entries(folders)) {
    assert.deepEqual(migrationsOf(cloudflare, name), migrationFiles(folder))
  }
  assert.deepEqual(
    world.namespaces.map(({ title }) => title),
    ['latchkey-key-cache'],
  )
  assert.deepEqual(world.queues.map(({ name }) => name).sort(), [...new Set(queues)].sort())
  const bindings = bindingsOf(cloudflare)
  assert.equal(bindings.get('KEY_CACHE')?.namespace_id, world.namespaces[0]?.id)
  assert.equal(bindings.get('BASE_URL')?.text, address)
  assert.deepEqual(Object.keys(secretValues(cloudflare)).sort(), requiredSecrets.toSorted())
  assert.deepEqual(world.worker?.crons, config.triggers.crons)
}

/** Generated secrets are in one file that only its owner can read, and nowhere else. */
export function assertSecrecy(cloudflare: Cloudflare, { output }: Run): void {
  const kept = JSON.parse(readFileSync(secretsOf(cloudflare), 'utf8'))
  assert.deepEqual(kept, secretValues(cloudflare))
  assert.equal(statSync(secretsOf(cloudflare)).mode & 0o777, 0o600)
  const logs = logText(cloudflare)
  assert.ok(logs.length > 1_000, 'the logs are not empty')
  for (const value of Object.values(kept) as string[]) {
    assert.ok(value.length >= 24, 'a secret is long')
    assert.ok(!output.includes(value), 'a secret was printed')
    assert.ok(!logs.includes(value), 'a secret is in a log')
  }
  const forWrangler = `${secretsOf(cloudflare)}.upload`
  assert.ok(!existsSync(forWrangler), 'the file for wrangler is gone')
}

/** Nothing was changed or created. */
export function assertUntouched(cloudflare: Cloudflare): void {
  assert.deepEqual(
    cloudflare.calls.filter(({ changes }) => changes),
    [],
  )
  assert.ok(!existsSync(secretsOf(cloudflare)))
}
