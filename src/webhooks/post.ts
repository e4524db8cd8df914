// One attempt over HTTP: signed, without redirects, with a timeout. Only the status of the response counts.
import { Webhook } from 'standardwebhooks'
import type { AttemptOutcome } from '../storage/webhook-outbox.ts'

export type Post = {
  url: string
  /** `webhook-id`: the same for every attempt. */
  id: string
  body: string
  secrets: readonly string[]
  nowMs: number
}

const timeoutMs = 20_000

/** @returns the status, or null and why there was none; `error` is null only for 2xx. */
export async function post(
  { url, id, body, secrets, nowMs }: Post,
  send: typeof fetch,
): Promise<AttemptOutcome> {
  const at = new Date(nowMs)
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Latchkey-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  }
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await send(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    // The body is not read: it may be endless, and showing it would let an account read foreign addresses.
    await response.body?.cancel()
    return { status: response.status, error: errorOf(response) }
  } catch (cause) {
    return { status: null, error: reasonOf(cause) }
  }
}

function errorOf({ ok, status }: Response): string | null {
  if (ok) return null
  if (status >= 300 && status < 400) return `Answered ${status}: redirects are not followed`
  return `Answered ${status}`
}

function reasonOf(cause: unknown): string {
  const isLate = cause instanceof Error && cause.name === 'TimeoutError'
  return isLate ? `No answer within ${timeoutMs / 1000} s` : 'The connection failed'
}
