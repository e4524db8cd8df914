// The consumer of the usage queue and the objects behind it, called directly, with every row that they write counted. Only
// what surrounds them is replaced: who delivers the messages, and on request the D1 that the objects write to.
import { createKeyChanges } from '../../src/storage/key-changes.ts'
import { raiseLastUsed } from '../../src/storage/last-uses.ts'
import { consume } from '../../src/usage/consumer.ts'
import { messageId, type UsageMessage, type UsageRow } from '../../src/usage/message.ts'
import type { UsagePart } from '../../src/usage/usage-calls.ts'
import { requestLogs, usageReader, usageStores } from '../../src/worker/usage.ts'
import { distance, distantD1 } from './distant-d1.ts'
import { countD1, written } from './written.ts'

export { CountedFence, CountedRequestLog, CountedUsage } from './counted-objects.ts'

type Bindings = Env & { D1_URL?: string }
type Objects = Record<'age' | 'evict' | 'fold' | 'size', () => Promise<number>>
type Call = Record<string, never> & { body: never }

const calls: Record<string, (env: Bindings, given: never) => Promise<unknown>> = {
  written: async () => written.take(),
  deliver: (env, messages: UsageMessage[]) => deliver(env, messages),
  object: (env, { kind, name, call }: { kind: Kind; name: string; call: keyof Objects }) =>
    objectOf(env, kind, name)
      [call]()
      // An object that is evicted answers no call.
      .catch(() => null),
  add: (env, { name, part }: { name: string; part: UsagePart }) =>
    env.USAGE_COUNTS.getByName(name).add([part]),
  hold: (env, { name, raises }: { name: string; raises: [string, number][] }) =>
    env.FENCE.getByName(name).hold(raises),
  read: (env, { accountId, span }: { accountId: string; span: { from: number; to: number } }) =>
    read(env, accountId, span),
  revoke: (env, { accountId, id }: { accountId: string; id: string }) => revoke(env, accountId, id),
  batch: (env, list: { sql: string; params: unknown[] }[]) => {
    const session = countD1(env.DB).withSession('first-primary')
    return session.batch(list.map(({ sql, params }) => session.prepare(sql).bind(...params)))
  },
  rollUp: (env, given: Load) => rollUp(env, given),
  raise: (env, given: Load) => raise(env, given),
}

export default {
  async fetch(request: Request, env: Bindings): Promise<Response> {
    const call = calls[new URL(request.url).pathname.slice(1)] as (
      env: Bindings,
      given: Call,
    ) => Promise<unknown>
    return Response.json((await call(env, await request.json())) ?? null)
  },
}

type Kind = 'USAGE_COUNTS' | 'REQUEST_LOG' | 'FENCE'

function objectOf(env: Bindings, kind: Kind, name: string): Objects {
  return env[kind].getByName(name) as unknown as Objects
}

/** As the queue hands over a batch. @returns how many messages are to be delivered again. */
async function deliver(env: Bindings, bodies: readonly UsageMessage[]): Promise<number> {
  let retried = 0
  const messages = bodies.map((body) => ({
    id: body.id,
    timestamp: new Date(),
    attempts: 1,
    body,
    ack: () => {},
    retry: () => void retried++,
  }))
  await consume({ ...usageStores(env), logs: requestLogs(env) }, messages, Date.now())
  return retried
}

async function read(env: Bindings, accountId: string, span: { from: number; to: number }) {
  const reader = usageReader(env)
  const [keys, hours] = await Promise.all([
    reader.byGroup(accountId, 'key', span, 10_000),
    reader.ofAccount(accountId, { ...span, stepMs: 60 * 60 * 1000 }),
  ])
  return { keys, hours }
}

/** The batch of one revocation, without what a request does around it. @returns the number of keys. */
async function revoke(env: Bindings, accountId: string, id: string): Promise<number> {
  const nowMs = Date.now()
  const { digests } = await createKeyChanges(countD1(env.DB)).commit({
    accountId,
    selection: { by: 'version', id, seq: 1 },
    patch: { revokedAt: nowMs, revokedBy: null },
    audit: {
      action: 'api_key.revoked',
      actorKind: 'system',
      actorId: null,
      detail: null,
      requestId: null,
    },
    nowMs,
  })
  return digests.length
}

type Load = { from: number; keys: number; count: number; isMuted: boolean }

/** A batch of ten messages of the queue: 10,000 keys, each used once. */
function rollUp(env: Bindings, { from, keys, isMuted }: Load): Promise<number> {
  distance.isMuted = isMuted
  const nowMs = Date.now()
  const messages = Array.from({ length: 10 }, (_, message): UsageMessage => {
    const rows = Array.from({ length: 1_000 }, (_, row): UsageRow => {
      const id = keyId(1 + ((from + 1_000 * message + row) % keys))
      return [id, nowMs - (nowMs % 3_600_000), 'valid', 1, nowMs, null, 'live']
    })
    const id = messageId(nowMs, crypto.randomUUID())
    return { version: 2, id, accounts: { [accountOfAll]: rows }, tiers: [], requests: {} }
  })
  return deliver(env, messages)
}

/** The last use of some keys, as a fold writes it. */
async function raise(env: Bindings, { from, keys, count }: Load): Promise<void> {
  distance.isMuted = false
  const at = Date.now()
  const uses = Array.from({ length: count }, (_, key): [string, number] => [
    keyId(1 + ((from + key) % keys)),
    at,
  ])
  await raiseLastUsed(env.D1_URL === undefined ? env.DB : distantD1(env.D1_URL), uses)
}

/** As bench/support/key-rows.ts makes them. */
const accountOfAll = 'aaaaaaaa-0000-4000-8000-000000000000'

function keyId(i: number): string {
  const hex = i.toString(16)
  return `${hex.padStart(8, '0')}-0000-4000-8000-${hex.padStart(12, '0')}`
}
