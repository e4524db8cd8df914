// Webhooks and their bindings: deliveries are queued after a response, sent by the consumer, and queued again by
// the reconciler. No verification loads this.

import { sealingKeys } from '../core/sealing.ts'
import { readSecretList } from '../core/secrets.ts'
import { log, tryEach } from '../log.ts'
import { noticeExpiring } from '../storage/expiry-notices.ts'
import { pruneDeliveries } from '../storage/webhook-deliveries.ts'
import { type LowCredits, noticeLowCredits } from '../storage/webhook-notices.ts'
import { createOutbox } from '../storage/webhook-outbox.ts'
import { deliverAll } from '../webhooks/deliver.ts'
import { dispatch } from '../webhooks/dispatch.ts'
import { secretPurpose } from '../webhooks/secret.ts'
import type { Isolate } from './context.ts'
import { areChangesStopped, targetRules } from './variables.ts'

type Clocked = Pick<Isolate, 'clock'>

/** Hands due deliveries to the queue. A failure is only logged: the reconciler repeats it. */
export async function dispatchDue({ clock }: Clocked, env: Env): Promise<void> {
  const stores = { outbox: createOutbox(env.DB), queue: env.WEBHOOKS }
  await dispatch(stores, clock.now()).catch((cause) => {
    log('warn', 'webhooks_not_dispatched', { cause })
  })
}

/** Makes the attempts of a batch of messages. While D1 is restored they wait in the outbox. */
export async function sendWebhooks(
  { clock, config }: Pick<Isolate, 'clock' | 'config'>,
  env: Env,
  messages: readonly Message<unknown>[],
): Promise<void> {
  if (areChangesStopped(env)) return acknowledge(messages)
  const stores = { outbox: createOutbox(env.DB), queue: env.WEBHOOKS, fetch: send }
  const settings = {
    sealingKeys: await webhookKeys(env),
    rules: targetRules(env),
    formats: config,
    now: clock.now,
  }
  await deliverAll(stores, settings, messages)
}

// workerd's own `fetch` throws when it is called as a method.
const send: typeof fetch = (...request) => fetch(...request)

/** The outbox still holds their deliveries. */
function acknowledge(messages: readonly Message<unknown>[]) {
  for (const message of messages) message.ack()
}

const scanEveryMinutes = 10

/** Every minute: queues due deliveries. Every ten: notices keys about to expire, and prunes deliveries. */
export async function drainWebhooks({ clock }: Clocked, env: Env): Promise<void> {
  if (areChangesStopped(env)) return
  const now = clock.now()
  const isScanDue = Math.floor(now / 60_000) % scanEveryMinutes === 0
  const scans = [
    ['notices', () => noticeExpiring(env.DB, now)],
    ['prune', () => pruneDeliveries(env.DB, now)],
  ] as const
  await tryEach('webhooks_failed', 'step', [
    ...(isScanDue ? scans : []),
    ['dispatch', () => dispatchDue({ clock }, env)],
  ])
}

/** Notifies low credits; repeated calls in a period have no effect. @throws StoreUnavailable */
export async function notifyLowCredits(
  { clock }: Clocked,
  env: Env,
  low: LowCredits,
): Promise<void> {
  await noticeLowCredits(env.DB, low, clock.now())
  await dispatchDue({ clock }, env)
}

export function webhookKeys({ AUTH_SECRETS }: Pick<Env, 'AUTH_SECRETS'>): Promise<CryptoKey[]> {
  return sealingKeys(readSecretList('AUTH_SECRETS', AUTH_SECRETS), secretPurpose)
}
