// One attempt over HTTP: signed, without redirects, with a time-out, its answer judged by the status alone.
import { Webhook } from 'standardwebhooks'
import type { Attempted } from '../storage/webhook-outbox.ts'

export type Post = {
  url: string
  /** `webhook-id`: the same for every attempt. */
  id: string
  body: string
  secrets: readonly string[]
  nowMs: number
}

const timeoutMs = 20_000

/** @returns the status, or why there was none; `error` is null for 2xx alone. */
export async function post(
  { url, id, body, secrets, nowMs }: Post,
  send: typeof fetch,
): Promise<Attempted> {
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
    const answer = await send(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    // What it says is not read: it may be endless, and it is nobody's business what stands at an address.
    await answer.body?.cancel()
    return { status: answer.status, error: faultOf(answer) }
  } catch (cause) {
    return { status: null, error: reasonOf(cause) }
  }
}

function faultOf({ ok, status }: Response): string | null {
  if (ok) return null
  if (status >= 300 && status < 400) return `Answered ${status}: redirects are not followed`
  return `Answered ${status}`
}

function reasonOf(cause: unknown): string {
  const isLate = cause instanceof Error && cause.name === 'TimeoutError'
  return isLate ? `No answer within ${timeoutMs / 1000} s` : 'The connection failed'
}
