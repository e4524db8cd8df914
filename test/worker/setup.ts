import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { D1Migration } from '@cloudflare/vitest-plugin'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    migrations: D1Migration[]
    crmMigrations: D1Migration[]
  }
}

await applyD1Migrations(env.DB, inject('migrations'))
await applyD1Migrations(env.CRM_DB, inject('crmMigrations'))
