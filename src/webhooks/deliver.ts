// The queue's consumer: makes an attempt and writes down what came of it. A message is only a hint: whatever
// happens to it, the outbox holds what is still to be done, and the drainer finds it there.
import { log } from '../core/log.ts'
import { webhookBody } from '../core/webhook-event.ts'
import { type TargetRules, webhookTarget } from '../core/webhook-target.ts'
import {
  type Attempted,
  type Claimed,
  type Due,
  endpointDisabled,
  type Outbox,
} from '../storage/webhook-outbox.ts'
import { post } from './post.ts'
import { waitAfter } from './schedule.ts'
import { signingSecrets } from './secret.ts'

export type DeliverStores = {
  outbox: Pick<Outbox, 'claim' | 'succeed' | 'postpone' | 'giveUp' | 'giveUpEndpoint'>
  queue: Pick<Queue<Due>, 'send'>
  fetch: typeof fetch
}

export type DeliverSettings = {
  sealingKeys: readonly CryptoKey[]
  rules: TargetRules
  now(): number
}

/** Sooner than the drainer comes round: the queue itself waits. */
const shortWaitMs = 60_000

export async function deliverAll(
  stores: DeliverStores,
  settings: DeliverSettings,
  messages: readonly Message<unknown>[],
): Promise<void> {
  const each = messages.map(async (message) => {
    try {
      if (isDue(message.body)) await deliver(stores, settings, message.body)
      else log('error', 'webhook_message_dropped', { message: message.id })
    } catch (cause) {
      log('warn', 'webhook_attempt_unfinished', { message: message.id, cause })
    }
    message.ack()
  })
  await Promise.all(each)
}

function isDue(body: unknown): body is Due {
  if (typeof body !== 'object' || body === null) return false
  const { id, attempts } = body as Partial<Due>
  return typeof id === 'string' && Number.isInteger(attempts)
}

/** Makes one attempt, unless another Worker has taken it up. */
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
  { sealingKeys, rules, now }: DeliverSettings,
  { endpoint, event }: Claimed,
): Promise<Attempted> {
  if (!endpoint.enabled) return { status: null, error: endpointDisabled }
  // Judged each time: what was allowed when it was stored may not be any more.
  const target = webhookTarget(endpoint.url, rules)
  if ('refused' in target) return { status: null, error: `The URL ${target.refused}` }
  const nowMs = now()
  const secrets = await signingSecrets(sealingKeys, endpoint, nowMs).catch((cause) => {
    log('error', 'webhook_secret_unreadable', { endpoint: endpoint.id, cause })
    return null
  })
  if (secrets === null)
    return { status: null, error: 'The signing secret cannot be read: rotate it' }
  return post({ url: target.url, id: event.id, body: webhookBody(event), secrets, nowMs }, fetch)
}

const gone = 410

async function conclude(
  { outbox, queue }: DeliverStores,
  { now }: DeliverSettings,
  claimed: Claimed,
  outcome: Attempted,
): Promise<void> {
  const { id, attempts, attempt, event, endpoint } = claimed
  if (outcome.error === null) return outbox.succeed(claimed, outcome, now())
  if (!endpoint.enabled) return outbox.giveUp(claimed, outcome)
  if (outcome.status === gone) return outbox.giveUpEndpoint(claimed, outcome, 'gone', now())
  const wait = waitAfter(attempt, event.type)
  if (wait !== null) {
    await outbox.postpone(claimed, outcome, now() + wait)
    if (wait < shortWaitMs) await queue.send({ id, attempts }, { delaySeconds: wait / 1000 })
    return
  }
  if (event.type === 'ping') return outbox.giveUp(claimed, outcome)
  return outbox.giveUpEndpoint(claimed, outcome, 'failing', now())
}
