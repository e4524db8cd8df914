// Makes an attempt to send a message, and records its outcome.
import type { MailContent, MailMessage } from '../../core/mail.ts'
import { log } from '../../log.ts'
import { enqueueAgain } from '../../outbox/consume.ts'
import type { DueMail, MailOutbox, MailRow } from '../../storage/mail-outbox.ts'
import { within } from '../../storage/unavailable.ts'
import { unsealToken } from './seal.ts'
import { renderMail } from './templates.ts'

/** A message of the queue that webhooks share. */
export type MailBody = { mail: string; attempts: number }

export const mailBodyOf = ({ id, attempts }: DueMail): MailBody => ({ mail: id, attempts })

/** What a message of the queue names; null where it is of another kind. */
export function dueMailOf(body: unknown): DueMail | null {
  if (typeof body !== 'object' || body === null) return null
  const { mail, attempts = -1 } = body as Partial<MailBody>
  return typeof mail === 'string' && Number.isInteger(attempts) ? { id: mail, attempts } : null
}

/** Where messages go: to a provider, or into `kept` (DEV_MAIL). null: the deployment has no mail any more. */
export type Mailer =
  | { kind: 'provider'; from: string; send(message: MailMessage): Promise<void> }
  | { kind: 'kept' }
  | null

export type MailStores = {
  outbox: Pick<MailOutbox, 'claim' | 'succeed' | 'keep' | 'postpone' | 'fail'>
  queue: Pick<Queue<MailBody>, 'send'>
}

export type MailSettings = {
  keys: readonly CryptoKey[]
  baseUrl: string
  mailer: Mailer
  now(): number
  /** An attempt that takes longer has failed (ms). */
  timeoutMs: number
}

const minute = 60_000
const hour = 60 * minute
/** Waits between nine attempts: 20 hours and 43 minutes in all. A link that expires earlier ends them. */
const waitsMs = [
  ...[5_000, 30_000, 2 * minute, 10 * minute, 30 * minute],
  ...[2 * hour, 6 * hour, 12 * hour],
]
/** Makes one attempt, unless another Worker has claimed it. @throws StoreUnavailable */
export async function deliverMail(
  stores: MailStores,
  settings: MailSettings,
  due: DueMail,
): Promise<void> {
  const claimed = await stores.outbox.claim(due, settings.now())
  if (claimed === null) return
  const failure = await attempt(settings, claimed)
  if (failure !== null) return conclude(stores, settings, claimed, failure)
  if (settings.mailer?.kind === 'kept') return stores.outbox.keep(claimed)
  await stores.outbox.succeed(claimed)
}

/** `isFinal`: another attempt would fail too. */
type Failure = { error: string; isFinal: boolean }

/** @returns null when the message was sent. */
async function attempt(
  { keys, baseUrl, mailer, now, timeoutMs }: MailSettings,
  row: MailRow,
): Promise<Failure | null> {
  const { id, toAddress, sealedToken, expiresAt } = row
  if (mailer === null) return { error: 'No mail is configured', isFinal: true }
  if (expiresAt !== null && expiresAt <= now()) return { error: 'It expired', isFinal: true }
  if (mailer.kind === 'kept') return null
  let token: string | null = null
  try {
    token = sealedToken === null ? null : await unsealToken(keys, sealedToken, id)
  } catch {
    return { error: 'The token of its link cannot be read: was a secret removed?', isFinal: true }
  }
  try {
    const rendered = renderMail(contentOf(row), { baseUrl, token })
    const message = { id, from: mailer.from, to: toAddress, ...rendered }
    await within('mail', timeoutMs, mailer.send(message))
    return null
  } catch (cause) {
    return { error: withoutToken(reasonOf(cause), token), isFinal: false }
  }
}

/** The data are of the template: `insertMail` takes no other. */
export function contentOf({ template, data }: MailRow): MailContent {
  return { template, data } as MailContent
}

/** The root of the chain: `within` wraps what a provider throws. */
function reasonOf(cause: unknown): string {
  let root = cause
  while (root instanceof Error && root.cause !== undefined) root = root.cause
  return root instanceof Error ? root.message : String(root)
}

/** A provider may quote the message that it refuses. */
function withoutToken(error: string, token: string | null): string {
  return token === null ? error : error.replaceAll(token, '[redacted]')
}

async function conclude(
  { outbox, queue }: MailStores,
  { now }: MailSettings,
  claimed: MailRow,
  { error, isFinal }: Failure,
): Promise<void> {
  const { attempts, template, expiresAt } = claimed
  const wait = waitsMs[attempts - 1]
  const isLast = isFinal || wait === undefined || (expiresAt ?? Infinity) <= now() + wait
  const line = { mail: claimed.id, template, attempts, error: error.slice(0, 200) }
  if (isLast) {
    log('error', 'mail_failed', line)
    return outbox.fail(claimed, error)
  }
  log('warn', 'mail_postponed', line)
  await outbox.postpone(claimed, error, now() + wait)
  await enqueueAgain(queue, mailBodyOf(claimed), wait)
}
