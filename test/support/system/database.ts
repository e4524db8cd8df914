// The database of a running server: for what time alone, or an earlier release, brings about. Through workerd:
// another process that writes to the file locks it, and a request that meets the lock gets a 503.
import assert from 'node:assert/strict'
import type { Server } from './launch.ts'

type Answer = { success: boolean; errors: unknown; result: { meta: { changes: number } }[] | null }

/** Executes a statement, which has to change something. */
export async function changeDatabase(
  { url }: Server,
  sql: string,
  ...params: (string | number)[]
): Promise<void> {
  // Of wrangler's local explorer, by the name of the binding; it takes parameters as text.
  const response = await fetch(`${url}/cdn-cgi/local/explorer/api/d1/database/DB/raw`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql, params: params.map(String) }),
  })
  const { success, errors, result } = (await response.json()) as Answer
  assert.ok(success, JSON.stringify(errors))
  assert.ok(
    result?.some(({ meta }) => meta.changes > 0),
    `${sql} changed nothing`,
  )
}

/** Every session was proved eleven minutes ago, too long for step-up. */
export const ageSessions = (server: Server) =>
  changeDatabase(server, 'UPDATE session SET proved_at = ?', Date.now() - 11 * 60_000)
