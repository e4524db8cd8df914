// Makes an attempt to deliver a webhook, and records its outcome.
import type { TokenFormats } from '../core/foreign.ts'
import { webhookBody } from '../core/webhook-event.ts'
import { type TargetRules, webhookTarget } from '../core/webhook-target.ts'
import { log } from '../log.ts'
import { enqueueAgain } from '../outbox/consume.ts'
import {
  type AttemptOutcome,
  type Claimed,
  type Due,
  endpointDisabled,
  type Outbox,
} from '../storage/webhook-outbox.ts'
import { post } from './post.ts'
import { waitAfter } from './schedule.ts'
import { signingSecrets } from './secret.ts'

export type DeliverStores = {
  outbox: Pick<Outbox, 'claim' | 'succeed' | 'postpone' | 'fail' | 'failAndDisable'>
  queue: Pick<Queue<Due>, 'send'>
  fetch: typeof fetch
}

export type DeliverSettings = {
  sealingKeys: readonly CryptoKey[]
  rules: TargetRules
  formats: TokenFormats
  now(): number
}

/** Whether the body of a message of the queue is one of these. */
export function isDue(body: unknown): body is Due {
  if (typeof body !== 'object' || body === null) return false
  const { id, attempts } = body as Partial<Due>
  return typeof id === 'string' && Number.isInteger(attempts)
}

/** Makes one attempt, unless another Worker has claimed it. */
export async function deliver(
  stores: DeliverStores,
  settings: DeliverSettings,
  due: Due,
): Promise<void> {
  const claimed = await stores.outbox.claim(due, settings.now())
  if (claimed === null) return
  const outcome = await attempt(stores, settings, claimed)
  await conclude(stores, settings, claimed, outcome)
}

async function attempt(
  { fetch }: DeliverStores,
  { sealingKeys, rules, formats, now }: DeliverSettings,
  { endpoint, event }: Claimed,
): Promise<AttemptOutcome> {
  if (!endpoint.enabled) return { status: null, error: endpointDisabled }
  // Checked at each attempt: the rules may have changed since the endpoint was stored.
  const target = webhookTarget(endpoint.url, rules)
  if ('refused' in target) return { status: null, error: `The URL ${target.refused}` }
  const nowMs = now()
  const secrets = await signingSecrets(sealingKeys, endpoint, nowMs).catch((cause) => {
    log('error', 'webhook_secret_unreadable', { endpoint: endpoint.id, cause })
    return null
  })
  if (secrets === null)
    return { status: null, error: 'The signing secret cannot be read: rotate it' }
  const body = webhookBody(event, formats)
  return post({ url: target.url, id: event.id, body, secrets, nowMs }, fetch)
}

const gone = 410

async function conclude(
  { outbox, queue }: DeliverStores,
  { now }: DeliverSettings,
  claimed: Claimed,
  outcome: AttemptOutcome,
): Promise<void> {
  const { id, attempts, attempt, event, endpoint } = claimed
  if (outcome.error === null) return outbox.succeed(claimed, outcome, now())
  if (!endpoint.enabled) return outbox.fail(claimed, outcome)
  if (outcome.status === gone) return outbox.failAndDisable(claimed, outcome, 'gone', now())
  const wait = waitAfter(attempt, event.type)
  if (wait !== null) {
    await outbox.postpone(claimed, outcome, now() + wait)
    return enqueueAgain(queue, { id, attempts }, wait)
  }
  if (event.type === 'ping') return outbox.fail(claimed, outcome)
  return outbox.failAndDisable(claimed, outcome, 'failing', now())
}
