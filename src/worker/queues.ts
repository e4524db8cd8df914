// Webhooks, wired to the bindings: handed to the queue after an answer, sent by its consumer, and looked after
// by the drainer. Loaded by management, the queue and the schedule, never on the way of a verification.
import { log } from '../core/log.ts'
import { sealingKeys } from '../core/sealing.ts'
import { pruneDeliveries } from '../storage/webhook-deliveries.ts'
import { type LowCredits, noticeExpiring, noticeLowCredits } from '../storage/webhook-notices.ts'
import { createOutbox } from '../storage/webhook-outbox.ts'
import { deliverAll } from '../webhooks/deliver.ts'
import { dispatch } from '../webhooks/dispatch.ts'
import { secretPurpose } from '../webhooks/secret.ts'
import type { Isolate } from './context.ts'
import { areChangesStopped, targetRules } from './variables.ts'

type Clocked = Pick<Isolate, 'clock'>

/** Hands what is due to the queue. It fails silently but for the log: the drainer comes round. */
export async function dispatchDue({ clock }: Clocked, env: Env): Promise<void> {
  const stores = { outbox: createOutbox(env.DB), queue: env.WEBHOOKS }
  await dispatch(stores, clock.now()).catch((cause) => {
    log('warn', 'webhooks_not_dispatched', { cause })
  })
}

/** Makes the attempts that a batch of the queue asks for. While D1 is being restored they wait. */
export async function sendWebhooks(
  { clock }: Clocked,
  env: Env,
  messages: readonly Message<unknown>[],
): Promise<void> {
  if (areChangesStopped(env)) return acknowledge(messages)
  const stores = { outbox: createOutbox(env.DB), queue: env.WEBHOOKS, fetch: send }
  const settings = {
    sealingKeys: await webhookKeys(env),
    rules: targetRules(env),
    now: clock.now,
  }
  await deliverAll(stores, settings, messages)
}

// Not bound to anything: workerd's own `fetch` refuses to be called as a method.
const send: typeof fetch = (...request) => fetch(...request)

/** The outbox still holds what they stand for. */
function acknowledge(messages: readonly Message<unknown>[]) {
  for (const message of messages) message.ack()
}

const scanEveryMinutes = 10

/** Every minute: hands over what is due. Now and then: looks for keys about to expire, and forgets. */
export async function drainWebhooks({ clock }: Clocked, env: Env): Promise<void> {
  if (areChangesStopped(env)) return
  const now = clock.now()
  if (Math.floor(now / 60_000) % scanEveryMinutes === 0) {
    await noticeExpiring(env.DB, now)
    await pruneDeliveries(env.DB, now)
  }
  await dispatchDue({ clock }, env)
}

/** Tells of credits that are low, once a period however often it is called. @throws StoreUnavailable */
export async function notifyLowCredits(
  { clock }: Clocked,
  env: Env,
  low: LowCredits,
): Promise<void> {
  await noticeLowCredits(env.DB, low, clock.now())
  await dispatchDue({ clock }, env)
}

export function webhookKeys({ AUTH_SECRETS }: Pick<Env, 'AUTH_SECRETS'>): Promise<CryptoKey[]> {
  return sealingKeys(AUTH_SECRETS, secretPurpose)
}
