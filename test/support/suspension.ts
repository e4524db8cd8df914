// Suspends and resumes accounts by SQL, until it is in force.
import { env } from 'cloudflare:workers'
import type { TestApp } from './test-app.ts'

export function suspend(app: TestApp, accountId: string): Promise<void> {
  return setSuspended(app, accountId, app.clock.now())
}

export function resume(app: TestApp, accountId: string): Promise<void> {
  return setSuspended(app, accountId, null)
}

async function setSuspended(app: TestApp, accountId: string, at: number | null): Promise<void> {
  await writeSuspension(accountId, at)
  const missing = await app.reconcile()
  if (missing.length > 0) throw new Error(`Not in force in ${missing}.`)
}

/** Without waiting until it is in force. @param at null: not suspended */
export async function writeSuspension(accountId: string, at: number | null): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO account_control (account_id, suspended_at) VALUES (?, ?)
      ON CONFLICT (account_id) DO UPDATE SET suspended_at = excluded.suspended_at`,
  )
    .bind(accountId, at)
    .run()
}
