// Mail in tests: an app whose messages a fake provider takes, or DEV_MAIL keeps; its queue is delivered by hand.
import { env } from 'cloudflare:workers'
import type { MailContent, MailMessage } from '../../src/core/mail.ts'
import { mailKeys, sealToken, unsealToken } from '../../src/identity/mail/seal.ts'
import { runBatch } from '../../src/storage/database.ts'
import { insertMail, type NewMail } from '../../src/storage/mail-outbox.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { drainOutboxes, sendMail, sendQueued } from '../../src/worker/queues.ts'
import config from './latchkey.config.ts'
import { createSkippingClock, createTestApp } from './test-app.ts'

type Queued = { body: unknown; dueAt: number }

/** `send`: what the provider does with a message besides recording it. */
export async function openMail({
  send = async () => {},
  bindings = {},
}: {
  send?: (message: MailMessage) => Promise<void> | void
  bindings?: Partial<Env> & { DEV_MAIL?: string }
} = {}) {
  const clock = createSkippingClock()
  const sent: (MailMessage & { at: number })[] = []
  const queued: Queued[] = []
  const enqueue = async (body: unknown, { delaySeconds = 0 } = {}) =>
    void queued.push({ body, dueAt: clock.now() + delaySeconds * 1000 })
  const sendBatch = async (messages: { body: unknown }[]) => {
    for (const { body } of messages) await enqueue(body)
  }
  const mail = {
    from: 'Latchkey <no-reply@latchkey.test>',
    async send(message: MailMessage) {
      sent.push({ ...message, at: clock.now() })
      await send(message)
    },
  }
  const isolate = createIsolate({ ...config, mail }, clock)
  const queue = { send: enqueue, sendBatch } as unknown as Env['WEBHOOKS']
  const app = await createTestApp({ clock, isolate, bindings: { WEBHOOKS: queue, ...bindings } })

  /** Delivers what the queue holds and is due, each message `times` times at once. */
  async function pump(times = 1) {
    for (;;) {
      const due = queued.filter(({ dueAt }) => dueAt <= clock.now())
      if (due.length === 0) return
      for (const each of due) queued.splice(queued.indexOf(each), 1)
      const messages = due.flatMap(({ body }) => Array.from({ length: times }, () => hint(body)))
      await sendQueued(app.isolate, app.bindings, messages)
    }
  }
  return {
    ...{ app, clock, sent, queued, pump, isolate },
    /** What a request does after its response. */
    afterResponse: () => sendMail(app.isolate, app.bindings),
    /** Runs the schedule of one minute, and then the queue. */
    async drain() {
      await drainOutboxes(app.isolate, app.bindings)
      await pump()
    },
    /** Writes a message to the outbox. @returns its id */
    write: (to: string, more: Partial<Written> = {}) => writeMail(to, clock.now(), more),
  }
}

export type MailApp = Awaited<ReturnType<typeof openMail>>

type Written = { content: MailContent; token: string; expiresAt: number; accountId: string }

async function writeMail(to: string, nowMs: number, more: Partial<Written>): Promise<string> {
  const { content = { template: 'reset_password', data: { minutes: 30 } }, token } = more
  const id = crypto.randomUUID()
  const sealedToken = token === undefined ? null : await sealToken(await testKeys(), token, id)
  const { expiresAt, accountId } = more
  const of = { ...(expiresAt !== undefined && { expiresAt }), ...(accountId && { accountId }) }
  const row = { ...content, ...of, id, to, sealedToken } as NewMail
  await runBatch(env.DB, [insertMail(row, nowMs)])
  return id
}

export function testKeys(): Promise<CryptoKey[]> {
  return mailKeys([(env as unknown as { AUTH_SECRETS: string }).AUTH_SECRETS])
}

export type StoredMail = {
  status: string
  attempts: number
  sealed_token: string | null
  last_error: string | null
  next_attempt_at: number
}

/** A row of the outbox; null when it is gone. */
export function mailRow(id: string): Promise<StoredMail | null> {
  return env.DB.prepare('SELECT * FROM mail WHERE id = ?').bind(id).first<StoredMail>()
}

/** The last message to an address, with the token of its link; null: there is none. */
export async function mailTo(
  address: string,
  // biome-ignore lint/suspicious/noExplicitAny: assertions check its type
): Promise<{ id: string; template: string; data: any; token: string | null } | null> {
  const row = await env.DB.prepare(
    'SELECT id, template, data, sealed_token FROM mail WHERE to_address = ? ORDER BY rowid DESC LIMIT 1',
  )
    .bind(address)
    .first<{ id: string; template: string; data: string; sealed_token: string | null }>()
  if (row === null) return null
  const { id, template, data, sealed_token } = row
  const token = sealed_token && (await unsealToken(await testKeys(), sealed_token, id))
  return { id, template, data: JSON.parse(data), token }
}

/** A message of the queue. */
export function hint(body: unknown): Message<unknown> {
  const unwanted = () => {
    throw new Error('The outbox repeats attempts, not the queue.')
  }
  const id = crypto.randomUUID()
  return { id, timestamp: new Date(), body, attempts: 1, ack() {}, retry: unwanted }
}
