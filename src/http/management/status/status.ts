// GET /api/status: the health of the deployment, for admins and owners of the platform. It contains no account or key.
import { createRoute, z } from '@hono/zod-openapi'
import { regionOfFence } from '../../../coherence/regions.ts'
import { type CanaryRun, lastRuns } from '../../../storage/canary-log.ts'
import { type ListedFence, listRegistrations } from '../../../storage/fence-registry.ts'
import { checkStores, type Readiness } from '../../../storage/readiness.ts'
import { StoreUnavailable } from '../../../storage/unavailable.ts'
import { managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPlatformAdmin } from '../../routing/security.ts'
import { isoTime, time } from '../../routing/time.ts'
import type { AppSettings, Services } from '../../services.ts'

const maxRuns = 12

const check = z.object({
  name: z.enum(['database', 'cache', 'fence', 'meter', 'queue', 'raises']),
  ok: z.boolean(),
  ms: z.number(),
  problem: z.string().nullable(),
})

const fence = z.object({
  name: z.string().openapi({ example: 'weur/0-of-1' }),
  region: z.string(),
  registered_at: time,
  answer_ms: z.number().nullable().openapi({ description: 'null: no response in 2 s' }),
  asked_at: time.nullable().openapi({ description: 'Time of the last query, to the hour' }),
  floors: z.int().nullable().openapi({ description: 'Changes of the last 8 days that it stores' }),
  questions_per_second: z.number().nullable().openapi({ description: 'Of the last full minute' }),
})

const canaryRun = z.object({
  started_at: time,
  outcome: z.enum(['held', 'broken', 'unfinished']),
  revocation_ms: z.number().nullable(),
  regions: z.array(z.string()),
  problem: z.string().nullable(),
})

const status = z
  .object({
    version: z.object({ id: z.string(), tag: z.string(), deployed_at: z.string() }),
    lease_seconds: z.number(),
    ready: z.boolean(),
    checks: z.array(check),
    fences: z.array(fence),
    view: z.object({ epoch: z.string(), age_ms: z.number(), floors: z.int() }).nullable().openapi({
      description: 'What the isolate that answers knows of its fence; null: nothing yet',
    }),
    pending: z
      .object({ count: z.int(), oldest_at: time.nullable(), fences: z.array(z.string()) })
      .nullable(),
    canary: z.array(canaryRun),
    tiers: z
      .array(z.object({ region: z.string(), tier: z.string(), count: z.int() }))
      .nullable()
      .openapi({
        description:
          'Verifications of the last 24 hours by answering tier; null: their object did not answer',
      }),
  })
  .openapi('Status')

const get = createRoute({
  method: 'get',
  path: '/api/status',
  operationId: 'getStatus',
  tags: ['Operations'],
  security: byPlatformAdmin,
  summary: 'Health of the deployment: stores, fences, canary, tiers',
  responses: {
    200: success('The current state as seen from this location', status),
    ...managementFailures,
  },
})

export function createStatusRoutes({ config, clock }: AppSettings) {
  return createRouter().openapi(get, async (c) => {
    const services = c.env
    const { db } = services
    const checking = services
      .readinessStores(c.req.raw)
      .then((stores) => checkStores(stores, clock.now))
    const [fences, runs, tiers] = await Promise.all([
      listRegistrations(db).then((all) => Promise.all(all.map((each) => seen(services, each)))),
      lastRuns(db, maxRuns),
      tiersOf(services),
    ])
    const readiness = await checking
    const data = {
      version: versionOf(services),
      lease_seconds: config.leaseMs / 1000,
      ready: readiness.ready,
      checks: Object.entries(readiness.checks).map(([name, each]) => ({
        name: name as keyof Readiness['checks'],
        ...each,
      })),
      fences,
      view: viewOf(services, clock.now()),
      pending: pendingOf(readiness),
      canary: runs.map(runOf),
      tiers,
    }
    return c.json({ status: 'success' as const, data }, 200)
  })
}

/** A status page without them says more than none. */
async function tiersOf(services: Services) {
  const usage = await services.usageReader()
  return usage.tiers(services.clock.now()).catch((cause: unknown) => {
    if (cause instanceof StoreUnavailable) return null
    throw cause
  })
}

function versionOf({ version: { id, tag, timestamp } }: Services) {
  return { id, tag, deployed_at: timestamp }
}

function viewOf({ view }: Services, nowMs: number) {
  if (view === null) return null
  return { epoch: view.epoch, age_ms: nowMs - view.from, floors: view.floors.size }
}

/** A sequence number is the time in ms, or later when there are several changes in one ms. */
async function seen(services: Services, { name, seq }: ListedFence) {
  const { now } = services.clock
  const registered = { name, region: regionOfFence(name), registered_at: isoTime(seq) }
  const from = now()
  try {
    const { lastUsedAt, floors, questions } = await services.inspectFence(name)
    const asked_at = lastUsedAt === 0 ? null : isoTime(lastUsedAt)
    const questions_per_second = Math.round(questions / 6) / 10
    return { ...registered, answer_ms: now() - from, asked_at, floors, questions_per_second }
  } catch {
    const unknown = { asked_at: null, floors: null, questions_per_second: null }
    return { ...registered, answer_ms: null, ...unknown }
  }
}

function pendingOf({ pending }: Readiness) {
  if (pending === null) return null
  const { count, oldestAt, fences } = pending
  return { count, oldest_at: oldestAt === null ? null : isoTime(oldestAt), fences }
}

function runOf({ startedAt, outcome, revocationMs, regions, problem }: CanaryRun) {
  return {
    started_at: isoTime(startedAt),
    outcome,
    revocation_ms: revocationMs,
    regions: regions.map(({ region }) => region),
    problem,
  }
}
