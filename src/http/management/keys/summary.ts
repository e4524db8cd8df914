// GET /api/api-keys/summary: how many keys are active, and how many of them need a look.
import { createRoute, z } from '@hono/zod-openapi'
import { reachOf } from '../../../storage/key-reach.ts'
import {
  type Count,
  type KeySummary,
  maxCounted,
  maxLookedAt,
  summariseKeys,
} from '../../../storage/key-summary.ts'
import { managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { path } from './keys.ts'

const dayMs = 24 * 60 * 60 * 1000
const soonDays = 7
const unusedDays = 90

const count = z.int().min(0).max(maxCounted)
const summary = z
  .object({
    active: count,
    expiring_in_7_days: count,
    never_used: count,
    unused_for_90_days: count.openapi({
      description: 'Neither used nor made for 90 days, as `unused_for=90d` of the list',
    }),
    without_expiry: count,
    by_environment: z.record(z.string(), count).openapi({
      description: 'Of every environment that a format has',
      example: { live: 118, test: 4 },
    }),
    capped: z.array(z.string()).openapi({
      description:
        'Names of the counts that are at least what they say, such as `active` or `by_environment.live`',
      example: [],
    }),
  })
  .openapi('KeySummary')

const summarise = createRoute({
  method: 'get',
  path: `${path}/summary`,
  operationId: 'summarizeKeys',
  tags: ['API keys'],
  security: byManager,
  summary: 'How many keys are active, and how many of them need a look',
  description: `Every count is of active keys, those of \`status=active\`, and is at most ${maxCounted.toLocaleString('en')}. All are exact up to there, but in accounts with over ${maxLookedAt.toLocaleString('en')} active keys: there the uses are counted among the newest ${maxLookedAt.toLocaleString('en')} that were never used and the ${maxLookedAt.toLocaleString('en')} that were last used before those 90 days, in any state. A key with bounds in its \`may_grant\` counts the keys that it reads, among ${maxLookedAt.toLocaleString('en')} at most. \`last_used_at\` is up to 6 hours behind.`,
  responses: { 200: success('The counts', summary), ...managementFailures },
})

export function createKeySummary({ config, clock }: AppSettings) {
  return createRouter().openapi(summarise, async (c) => {
    const now = clock.now()
    const times = { now, soon: now + soonDays * dayMs, since: now - unusedDays * dayMs }
    const reach = reachOf(c.var.actor, config, now)
    const data = viewOf(await summariseKeys(c.env.db, reach, config, times))
    return c.json({ status: 'success' as const, data }, 200)
  })
}

function viewOf({ byEnvironment, ...counts }: KeySummary): z.infer<typeof summary> {
  const named = {
    active: counts.active,
    expiring_in_7_days: counts.expiring,
    never_used: counts.neverUsed,
    unused_for_90_days: counts.unused,
    without_expiry: counts.withoutExpiry,
  }
  const capped = (of: Record<string, Count>, prefix = '') =>
    Object.entries(of).flatMap(([name, { isMore }]) => (isMore ? [prefix + name] : []))
  return {
    ...keysOf(named),
    by_environment: keysOf(byEnvironment),
    capped: [...capped(named), ...capped(byEnvironment, 'by_environment.')],
  }
}

function keysOf<Name extends string>(counts: Record<Name, Count>): Record<Name, number> {
  const entries = Object.entries<Count>(counts).map(([name, { keys }]) => [name, keys])
  return Object.fromEntries(entries)
}
