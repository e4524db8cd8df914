// After the faults: nothing is pending, every key has its last acknowledged state in every isolate, and the
// audit log is complete.
import type { SoakKey } from './oracle.ts'
import type { Traffic } from './traffic.ts'
import { isolateCount, type Workerd } from './workerd.ts'

export async function runFinalChecks(
  workerd: Workerd,
  traffic: Traffic,
  report: (violation: string) => void,
): Promise<{ auditRows: number; counted: number }> {
  await workerd.send(0, { command: 'reconcile' })
  const pending = await workerd.rows('SELECT fence FROM pending_raise')
  if (pending.length > 0) {
    report(`${pending.length} raises are pending after the reconciler ran without faults`)
  }
  for (const key of traffic.keys) {
    for (let isolate = 0; isolate < isolateCount; isolate++) {
      const code = await traffic.verify(key, isolate)
      if (code.startsWith('503')) report(`without faults, ${key.id} got ${code}`)
    }
  }
  const { auditRows } = await checkAudit(workerd, [...traffic.keys, ...traffic.dropped], report)
  return { auditRows, counted: await checkUsage(traffic, report) }
}

/** Nothing is counted twice. What an isolate had in memory when it was lost is counted never. */
async function checkUsage(traffic: Traffic, report: (violation: string) => void): Promise<number> {
  let counted = 0
  for (const key of traffic.keys) {
    const total = await traffic.usageOf(key)
    if (total === null) report(`without faults, the usage of ${key.id} was not answered`)
    if ((total ?? 0) > key.sent) report(`${total} of ${key.sent} requests of ${key.id} are counted`)
    counted += total ?? 0
  }
  return counted
}

type Row = { key_id: string; action: string; count: number }

async function checkAudit(
  workerd: Workerd,
  keys: readonly SoakKey[],
  report: (violation: string) => void,
) {
  const rows = await workerd.rows<Row>(
    'SELECT key_id, action, COUNT(*) AS count FROM audit_event WHERE key_id IS NOT NULL GROUP BY 1, 2',
  )
  const counted = new Map(rows.map(({ key_id, action, count }) => [`${key_id} ${action}`, count]))
  for (const { id, state, updates } of keys) {
    const expected = {
      'key.created': 1,
      'key.updated': updates,
      'key.revoked': state === 'revoked' ? 1 : 0,
    }
    for (const [action, count] of Object.entries(expected)) {
      const found = counted.get(`${id} ${action}`) ?? 0
      if (found !== count) report(`the audit log has ${found} of ${count} ${action} of ${id}`)
    }
  }
  // Also keys whose creation was never answered: a row and its audit event are written together.
  const [torn] = await workerd.rows<{ count: number }>(`SELECT COUNT(*) AS count FROM api_key WHERE
    NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.key_id = api_key.id AND e.action = 'key.created')
    OR (revoked_at IS NOT NULL) <> EXISTS
      (SELECT 1 FROM audit_event e WHERE e.key_id = api_key.id AND e.action = 'key.revoked')`)
  if (torn?.count !== 0) report(`${torn?.count} keys do not match their audit events`)
  return { auditRows: rows.reduce((sum, { count }) => sum + count, 0) }
}
