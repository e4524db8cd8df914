// The queue of webhooks and mail, and its bindings: deliveries are queued after a response, sent by the consumer, and
// queued again by the reconciler. No verification loads this.

import { sealingKeys } from '../core/sealing.ts'
import { readSecretList } from '../core/secrets.ts'
import { dueMailOf } from '../identity/mail/deliver.ts'
import { log, tryEach } from '../log.ts'
import { consume } from '../outbox/consume.ts'
import { type Due, dispatch } from '../outbox/dispatch.ts'
import { noticeExpiring } from '../storage/expiry-notices.ts'
import { pruneMail } from '../storage/mail-outbox.ts'
import { pruneDeliveries } from '../storage/webhook-deliveries.ts'
import { type LowCredits, noticeLowCredits } from '../storage/webhook-notices.ts'
import { createOutbox } from '../storage/webhook-outbox.ts'
import { deliver, isDue } from '../webhooks/deliver.ts'
import { secretPurpose } from '../webhooks/secret.ts'
import type { Isolate } from './context.ts'
import { dispatchMail, type MailIsolate, mailAttempts, mailerOf } from './mail.ts'
import { targetRules } from './targets.ts'
import { areChangesStopped } from './variables.ts'

// Imported with this module, so that an isolate has one chunk for what few requests need.
export { readKeptMail, sendMail } from './mail.ts'
export { targetRules } from './targets.ts'

type Clocked = Pick<Isolate, 'clock'>

/** Hands due deliveries to the queue. A failure is only logged: the reconciler repeats it. */
export async function dispatchDue({ clock }: Clocked, env: Env): Promise<void> {
  const bodyOf = ({ id, attempts }: Due): Due => ({ id, attempts })
  const stores = { outbox: createOutbox(env.DB), queue: env.WEBHOOKS as Queue<Due>, bodyOf }
  await dispatch(stores, clock.now()).catch((cause) => {
    log('warn', 'webhooks_not_dispatched', { cause })
  })
}

/** Makes the attempts of a batch of messages. While D1 is restored they wait in the outbox. */
export async function sendQueued(
  isolate: MailIsolate,
  env: Env,
  messages: readonly Message<unknown>[],
): Promise<void> {
  if (areChangesStopped(env)) return acknowledge(messages)
  const deliverWebhook = await webhookAttempts(isolate, env)
  const deliverMail = await mailAttempts(isolate, env)
  await consume(messages, (body) => {
    const mail = dueMailOf(body)
    if (mail !== null) return deliverMail(mail)
    return isDue(body) ? deliverWebhook(body) : null
  })
}

async function webhookAttempts({ clock, config }: MailIsolate, env: Env) {
  const stores = { outbox: createOutbox(env.DB), queue: env.WEBHOOKS as Queue<Due>, fetch: send }
  const settings = {
    sealingKeys: await webhookKeys(env),
    rules: targetRules(env),
    formats: config,
    now: clock.now,
  }
  return (due: Due) => deliver(stores, settings, due)
}

// workerd's own `fetch` throws when it is called as a method.
const send: typeof fetch = (...request) => fetch(...request)

/** The outbox still holds their deliveries. */
function acknowledge(messages: readonly Message<unknown>[]) {
  for (const message of messages) message.ack()
}

const scanEveryMinutes = 10

/** Every minute: queues what is due. Every ten: notices keys about to expire, and prunes what has ended. */
export async function drainOutboxes({ clock, config }: MailIsolate, env: Env): Promise<void> {
  if (areChangesStopped(env)) return
  const now = clock.now()
  const hasMail = mailerOf(config, env) !== null
  const isScanDue = Math.floor(now / 60_000) % scanEveryMinutes === 0
  const scans = [
    ['notices', () => noticeExpiring(env.DB, now, { hasMail })],
    ['prune', () => pruneDeliveries(env.DB, now)],
    ['prune_mail', () => pruneMail(env.DB, now)],
  ] as const
  await tryEach('outbox_failed', 'step', [
    ...(isScanDue ? scans : []),
    ['dispatch', () => dispatchDue({ clock }, env)],
    ['dispatch_mail', () => dispatchMail({ clock }, env)],
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
