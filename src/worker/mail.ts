// Mail and its bindings. It leaves right after the response, or through the queue of webhooks. No verification loads
// this.
import { readSecretList } from '../core/secrets.ts'
import { writeTime } from '../core/time.ts'
import type { KeptMail } from '../http/services.ts'
import {
  contentOf,
  deliverMail,
  type MailBody,
  type Mailer,
  type MailSettings,
  mailBodyOf,
} from '../identity/mail/deliver.ts'
import { mailKeys, unsealToken } from '../identity/mail/seal.ts'
import { linkOf, renderMail } from '../identity/mail/templates.ts'
import { log } from '../log.ts'
import { dispatch } from '../outbox/dispatch.ts'
import { createMailOutbox, type DueMail, keptMail } from '../storage/mail-outbox.ts'
import type { Isolate } from './context.ts'
import { areChangesStopped, keepsMail } from './variables.ts'

export type MailIsolate = Pick<Isolate, 'clock' | 'config'>

/** Messages that are sent without the queue, where each could wait behind webhooks that hang. */
const maxAtOnce = 3
/** With the writes after it, less than the 30 seconds that a Worker may go on after its response. */
const timeoutMs = 15_000

/** After a response: sends what it wrote. A failure is only logged: the reconciler repeats it. */
export async function sendMail(isolate: MailIsolate, env: Env): Promise<void> {
  if (areChangesStopped(env)) return
  try {
    const due = await createMailOutbox(env.DB).takeDue(isolate.clock.now(), maxAtOnce)
    const attempt = await mailAttempts(isolate, env)
    await Promise.all(due.map(attempt))
    if (due.length === maxAtOnce) await dispatchMail(isolate, env)
  } catch (cause) {
    log('warn', 'mail_not_sent', { cause })
  }
}

/** Hands all that is due to the queue. @throws StoreUnavailable */
export function dispatchMail({ clock }: Pick<Isolate, 'clock'>, env: Env): Promise<void> {
  const queue = env.WEBHOOKS as Queue<MailBody>
  const stores = { outbox: createMailOutbox(env.DB), queue, bodyOf: mailBodyOf }
  return dispatch(stores, clock.now())
}

const maxKept = 100

/** What DEV_MAIL kept, rendered, newest first; null where mail is sent. @throws StoreUnavailable */
export async function readKeptMail(env: Env): Promise<KeptMail[] | null> {
  if (!keepsMail(env)) return null
  const keys = await keysOf(env)
  const baseUrl = baseUrlOf(env)
  const rows = await keptMail(env.DB, maxKept)
  return Promise.all(
    rows.map(async (row) => {
      const { id, template, toAddress: to, sealedToken } = row
      // Of other secrets, before they were changed.
      const token = sealedToken && (await unsealToken(keys, sealedToken, id).catch(() => null))
      const content = contentOf(row)
      const context = { baseUrl, token }
      const link = linkOf(content, context)
      const sent_at = writeTime(row.createdAt)
      return { id, template, to, ...renderMail(content, context), link, sent_at }
    }),
  )
}

/** Makes attempts with the bindings of this Worker. */
export async function mailAttempts({ clock, config }: MailIsolate, env: Env) {
  const stores = { outbox: createMailOutbox(env.DB), queue: env.WEBHOOKS as Queue<MailBody> }
  const settings: MailSettings = {
    keys: await keysOf(env),
    baseUrl: baseUrlOf(env),
    mailer: mailerOf(config, env),
    now: clock.now,
    timeoutMs,
  }
  return (due: DueMail) => deliverMail(stores, settings, due)
}

export function mailerOf({ mail }: Isolate['config'], env: Env): Mailer {
  if (keepsMail(env)) return { kind: 'kept' }
  if (!mail) return null
  // Within a promise, so that what it throws at once is a failed attempt too.
  return { kind: 'provider', from: mail.from, send: async (message) => mail.send(message, env) }
}

const keysOf = ({ AUTH_SECRETS }: Env) => mailKeys(readSecretList('AUTH_SECRETS', AUTH_SECRETS))
const baseUrlOf = ({ BASE_URL }: Env) => new URL(BASE_URL).origin
