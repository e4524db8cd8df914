import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { D1Migration } from '@cloudflare/vitest-plugin'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** By binding. */
    migrations: Record<string, D1Migration[]>
    sequences: { runs: number }
    /** Of what is drawn at random. */
    seed: number
  }
}

const databases = env as unknown as Record<string, D1Database>
for (const [binding, migrations] of Object.entries(inject('migrations'))) {
  await applyD1Migrations(databases[binding] as D1Database, migrations)
}

// The first call of a meter loads its code: where many files begin at once that takes longer than a call may.
await env.METER.getByName('the first').read({ windows: [], credits: null })
