// When the faults are over: nothing may be left to do, everything must be remembered, and each key is what
// it was last said to be, in every isolate.
import type { SoakKey } from './judge.ts'
import type { Traffic } from './traffic.ts'
import { isolateCount, type Workerd } from './workerd.ts'

export async function checkEnding(
  workerd: Workerd,
  traffic: Traffic,
  violation: (what: string) => void,
): Promise<{ auditRows: number }> {
  await workerd.tell(0, { order: 'drain' })
  const pending = await workerd.rows('SELECT fence FROM pending_raise')
  if (pending.length > 0)
    violation(`${pending.length} raises are pending after a drain without faults`)
  for (const key of traffic.keys) {
    for (let isolate = 0; isolate < isolateCount; isolate++) {
      const told = await traffic.verify(key, isolate)
      if (told.startsWith('503')) violation(`without faults, ${key.id} was told ${told}`)
    }
  }
  return checkAudit(workerd, [...traffic.keys, ...traffic.dropped], violation)
}

type Row = { key_id: string; action: string; count: number }

async function checkAudit(
  workerd: Workerd,
  keys: readonly SoakKey[],
  violation: (what: string) => void,
) {
  const rows = await workerd.rows<Row>(
    'SELECT key_id, action, COUNT(*) AS count FROM audit_event WHERE key_id IS NOT NULL GROUP BY 1, 2',
  )
  const counted = new Map(rows.map(({ key_id, action, count }) => [`${key_id} ${action}`, count]))
  for (const { id, state, updates } of keys) {
    const due = {
      'key.created': 1,
      'key.updated': updates,
      'key.revoked': state === 'revoked' ? 1 : 0,
    }
    for (const [action, count] of Object.entries(due)) {
      const found = counted.get(`${id} ${action}`) ?? 0
      if (found !== count) violation(`the audit log has ${found} of ${count} ${action} of ${id}`)
    }
  }
  // Those that nobody was told of too: a row and its audit event stand or fall together.
  const [torn] = await workerd.rows<{ count: number }>(`SELECT COUNT(*) AS count FROM api_key WHERE
    NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.key_id = api_key.id AND e.action = 'key.created')
    OR (revoked_at IS NOT NULL) <> EXISTS
      (SELECT 1 FROM audit_event e WHERE e.key_id = api_key.id AND e.action = 'key.revoked')`)
  if (torn?.count !== 0) violation(`${torn?.count} keys do not agree with their audit events`)
  return { auditRows: rows.reduce((sum, { count }) => sum + count, 0) }
}
