// Fakes of external systems: a queue that is delivered by hand and receivers that check every
// signature with the reference library.
import { Webhook } from 'standardwebhooks'
import { vi } from 'vitest'
import { drainOutboxes, sendQueued } from '../../src/worker/queues.ts'
import { type Account, openAccount } from './account.ts'
import { createSkippingClock, createTestApp, type TestApp } from './test-app.ts'

export type Received = {
  url: string
  at: number
  headers: Record<string, string>
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: assertions check its type
  body: any
}

type Queued = { body: { id: string; attempts: number }; dueAt: number }
type Answer = () => Response | Promise<Response>

export async function openOutside(options: { bindings?: Partial<Env> } = {}) {
  const clock = createSkippingClock()
  const queued: Queued[] = []
  const send = async (body: Queued['body'], { delaySeconds = 0 } = {}) =>
    void queued.push({ body, dueAt: clock.now() + delaySeconds * 1000 })
  const queue = {
    send,
    sendBatch: async (messages: { body: Queued['body'] }[]) => {
      for (const { body } of messages) await send(body)
    },
  } as unknown as Env['WEBHOOKS']
  const bindings = { WEBHOOKS: queue, ...options.bindings }
  const app = await createTestApp({ clock, bindings })
  const account = await openAccount()

  const received: Received[] = []
  const answers = new Map<string, Answer>()
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init = {}) => {
    const url = String(input)
    const headers = Object.fromEntries(new Headers(init.headers))
    const text = String(init.body)
    received.push({ url, at: clock.now(), headers, text, body: JSON.parse(text) })
    return (answers.get(url) ?? (() => new Response('thanks')))()
  })

  /** Delivers what the queue holds and is due; each message `times` times, all of them at once. */
  async function pump(times = 1) {
    for (;;) {
      const due = queued.filter(({ dueAt }) => dueAt <= clock.now())
      if (due.length === 0) return
      for (const each of due) queued.splice(queued.indexOf(each), 1)
      const messages = due.flatMap(({ body }) => Array.from({ length: times }, () => message(body)))
      await sendQueued(app.isolate, app.bindings, messages)
    }
  }

  /** Runs the schedule of one minute, and then the queue. */
  async function drain() {
    await drainOutboxes(app.isolate, app.bindings)
    await pump()
  }

  return {
    ...{ app, clock, account, queued, received, answers, pump, drain },
    as: account.owner.jwt,
    /** The event types received at a URL, in order. */
    types: (url: string) =>
      received.filter((each) => each.url === url).map(({ body }) => body.type),
  }
}

export type Outside = Awaited<ReturnType<typeof openOutside>>

function message(body: unknown): Message<unknown> {
  const unwanted = () => {
    throw new Error('The outbox repeats attempts, not the queue.')
  }
  const id = crypto.randomUUID()
  return { id, timestamp: new Date(), body, attempts: 1, ack() {}, retry: unwanted }
}

export type MadeEndpoint = { id: string; url: string; secret: string }

let endpoints = 0

/** An endpoint at a URL of its own. */
export async function addEndpoint(
  { app }: { app: TestApp },
  account: Account,
  body: Record<string, unknown> = {},
): Promise<MadeEndpoint> {
  const url = `https://receiver-${++endpoints}.example.com/hooks`
  const as = account.owner.jwt
  const made = await app.request('POST', '/api/webhook-endpoints', { as, body: { url, ...body } })
  if (made.status !== 201) throw new Error(`No endpoint was created: ${made.status} ${made.text}`)
  return made.body.data
}

/** Verifies a message with the reference library at its sending time. @throws when it is invalid. */
export function verified(secret: string, { headers, text, at }: Received): unknown {
  vi.useFakeTimers({ toFake: ['Date'], now: at })
  try {
    return new Webhook(secret).verify(text, headers)
  } finally {
    vi.useRealTimers()
  }
}
