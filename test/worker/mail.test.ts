// The outbox of mail: each message is sent once, again after a failure, and never with its token in clear where it waits.
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { deliverMail, mailBodyOf } from '../../src/identity/mail/deliver.ts'
import { unsealToken } from '../../src/identity/mail/seal.ts'
import { createMailOutbox } from '../../src/storage/mail-outbox.ts'
import { sendQueued } from '../../src/worker/queues.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { hint, mailRow, openMail, testKeys } from '../support/mail.ts'
import { addEndpoint, openOutside } from '../support/outside.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

let people = 0
const somebody = () => `person-${++people}@mail.test`
const newToken = () =>
  crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: 'base64url', omitPadding: true })

/** All that is written to the console. */
function recordConsole(): string[] {
  const lines: string[] = []
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => void lines.push(args.join(' ')))
  }
  return lines
}
afterEach(async () => {
  vi.restoreAllMocks()
  // What a test left pending would be sent by the next one.
  await env.DB.exec('DELETE FROM mail')
})

describe('a message', () => {
  it('leaves after the response, as text and HTML with its link, and nothing of it stays', async () => {
    const mail = await openMail()
    const token = newToken()
    const to = somebody()
    const id = await mail.write(to, { token })
    expect(await mailRow(id)).toMatchObject({ status: 'pending', attempts: 0 })
    await mail.afterResponse()
    expect(mail.sent).toHaveLength(1)
    const [message] = mail.sent
    expect(message).toMatchObject({ id, to, from: 'Latchkey <no-reply@latchkey.test>' })
    const link = `${env.BASE_URL}/reset-password#${token}`
    expect(message?.text).toContain(link)
    expect(message?.html).toContain(`href="${link}"`)
    expect(await mailRow(id)).toBeNull()
  })

  it('waits with its token sealed, for its own row alone', async () => {
    const mail = await openMail()
    const token = newToken()
    const id = await mail.write(somebody(), { token })
    const { results } = await env.DB.prepare('SELECT * FROM mail').all()
    expect(JSON.stringify(results)).not.toContain(token)
    const sealed = (await mailRow(id))?.sealed_token ?? ''
    expect(await unsealToken(await testKeys(), sealed, id)).toBe(token)
    await expect(unsealToken(await testKeys(), sealed, crypto.randomUUID())).rejects.toThrow()
  })

  it('is sent once, however many Workers and messages of the queue find it', async () => {
    const mail = await openMail()
    const to = somebody()
    const id = await mail.write(to)
    const bodies = Array.from({ length: 5 }, () => hint(mailBodyOf({ id, attempts: 0 })))
    await Promise.all([
      ...bodies.map((each) => sendQueued(mail.app.isolate, mail.app.bindings, [each])),
      mail.afterResponse(),
      mail.afterResponse(),
    ])
    await mail.drain()
    expect(mail.sent.filter((each) => each.to === to)).toHaveLength(1)
  })

  it('goes through the queue where a request wrote more than three', async () => {
    const mail = await openMail()
    const to = somebody()
    for (let count = 0; count < 5; count++) await mail.write(to)
    await mail.afterResponse()
    expect(mail.sent).toHaveLength(3)
    expect(mail.queued).toHaveLength(2)
    await mail.pump()
    expect(mail.sent).toHaveLength(5)
    expect(new Set(mail.sent.map(({ id }) => id)).size).toBe(5)
  })

  it('waits in the outbox while changes are stopped for a restore', async () => {
    const mail = await openMail({ bindings: { CHANGES: 'stopped' as never } })
    const id = await mail.write(somebody())
    await mail.afterResponse()
    await sendQueued(mail.app.isolate, mail.app.bindings, [hint(mailBodyOf({ id, attempts: 0 }))])
    await mail.drain()
    expect(mail.sent).toEqual([])
    expect(await mailRow(id)).toMatchObject({ status: 'pending', attempts: 0 })
    const after = await openMail()
    await after.drain()
    expect(after.sent.map((each) => each.id)).toContain(id)
  })

  it('is sent by the next Worker when one dies during the attempt', async () => {
    const mail = await openMail()
    const id = await mail.write(somebody())
    await createMailOutbox(env.DB).claim({ id, attempts: 0 }, mail.clock.now())
    await mail.drain()
    expect(mail.sent).toEqual([])
    mail.clock.skip(minute)
    await mail.drain()
    expect(mail.sent.map((each) => each.id)).toEqual([id])
  })
})

describe('a provider that fails', () => {
  it('is asked again after growing waits, with the same id; then the token is erased', async () => {
    const lines = recordConsole()
    const mail = await openMail({ send: () => Promise.reject(new Error('quota exceeded')) })
    const token = newToken()
    const id = await mail.write(somebody(), { token })
    const start = mail.clock.now()
    await mail.afterResponse()
    for (let step = 0; step < 16 && (await mailRow(id))?.status === 'pending'; step++) {
      const row = await mailRow(id)
      mail.clock.skip((row?.next_attempt_at ?? 0) - mail.clock.now())
      await mail.pump()
      await mail.drain()
    }
    const waits = [5_000, 30_000, 2 * minute, 10 * minute, 30 * minute, 2 * hour, 6 * hour]
    const times = mail.sent.map(({ at }) => at - start)
    let sum = 0
    const expected = [0, ...[...waits, 12 * hour].map((wait) => (sum += wait))]
    expect(times).toHaveLength(9)
    // Real time passes besides the waits: the sum of all grows by no minute.
    for (const [at, time] of times.entries()) {
      expect(Math.abs(time - (expected[at] ?? 0))).toBeLessThan(minute / 2)
    }
    expect(new Set(mail.sent.map((each) => each.id))).toEqual(new Set([id]))
    expect(await mailRow(id)).toMatchObject({ status: 'failed', sealed_token: null })
    expect(lines.some((line) => line.includes('mail_failed') && line.includes(id))).toBe(true)
  })

  it('may quote the message: neither the outbox nor the log repeats the token', async () => {
    const lines = recordConsole()
    const mail = await openMail({
      send: ({ text }) => Promise.reject(new Error(`422: invalid body: ${text.slice(-300)}`)),
    })
    const token = newToken()
    const id = await mail.write(somebody(), { token })
    await mail.afterResponse()
    expect(mail.sent[0]?.text.slice(-300)).toContain(token)
    expect(await mailRow(id)).toMatchObject({ status: 'pending', attempts: 1 })
    expect((await mailRow(id))?.last_error).toMatch(/^422: .*\[redacted\]/s)
    expect(lines.join('\n')).not.toContain(token)
  })

  it('may throw at once, and fails that attempt alone', async () => {
    recordConsole()
    const mail = await openMail({
      send: () => {
        throw new TypeError('send is broken')
      },
    })
    const id = await mail.write(somebody())
    await mail.afterResponse()
    expect(await mailRow(id)).toMatchObject({ attempts: 1, last_error: 'send is broken' })
  })

  it('hangs: the attempt ends after a while, and delays no other message', async () => {
    recordConsole()
    const mail = await openMail()
    const [hung, other] = [await mail.write(somebody()), await mail.write(somebody())]
    const finished: string[] = []
    const settings = {
      ...{ keys: await testKeys(), baseUrl: env.BASE_URL, now: mail.clock.now, timeoutMs: 50 },
      mailer: {
        ...{ kind: 'provider' as const, from: 'a@b.test' },
        send: ({ id }: { id: string }) => (id === hung ? new Promise<void>(() => {}) : done(id)),
      },
    }
    const done = async (id: string) => void finished.push(id)
    const stores = { outbox: createMailOutbox(env.DB), queue: { send: async () => ({}) as never } }
    const slow = deliverMail(stores, settings, { id: hung, attempts: 0 })
    await deliverMail(stores, settings, { id: other, attempts: 0 })
    expect(finished).toEqual([other])
    expect(await mailRow(other)).toBeNull()
    await slow
    expect(await mailRow(hung)).toMatchObject({
      ...{ status: 'pending', attempts: 1 },
      last_error: 'no answer in 50 ms',
    })
  })
})

describe('a link', () => {
  it('that has expired is not sent', async () => {
    recordConsole()
    const mail = await openMail()
    const at = mail.clock.now()
    const id = await mail.write(somebody(), { token: newToken(), expiresAt: at + 30 * minute })
    mail.clock.skip(30 * minute)
    await mail.drain()
    expect(mail.sent).toEqual([])
    expect(await mailRow(id)).toMatchObject({
      ...{ status: 'failed', sealed_token: null },
      last_error: 'It expired',
    })
  })

  it('is not kept for an attempt after its end', async () => {
    recordConsole()
    const mail = await openMail({ send: () => Promise.reject(new Error('no')) })
    const at = mail.clock.now()
    const id = await mail.write(somebody(), { token: newToken(), expiresAt: at + 4 * second })
    await mail.afterResponse()
    expect(await mailRow(id)).toMatchObject({ status: 'failed', sealed_token: null, attempts: 1 })
  })
})

describe('mail and webhooks', () => {
  it('share a queue, and neither waits for the other when it hangs', async () => {
    recordConsole()
    const outside = await openOutside()
    const account = await openAccount()
    const endpoint = await addEndpoint(outside, account)
    const gate = Promise.withResolvers<Response>()
    outside.answers.set(endpoint.url, () => gate.promise)
    await makeKey(outside.app, account.owner.jwt)
    const mailGate = Promise.withResolvers<void>()
    const hangs = somebody()
    const mail = await openMail({ send: ({ to }) => (to === hangs ? mailGate.promise : undefined) })
    const [hung, other] = [await mail.write(hangs), await mail.write(somebody())]
    const webhooks = outside.queued.map(({ body }) => hint(body))
    const mails = [hung, other].map((id) => hint(mailBodyOf({ id, attempts: 0 })))
    const bindings = { ...mail.app.bindings, WEBHOOKS: outside.app.bindings.WEBHOOKS }
    const batch = sendQueued(mail.app.isolate, bindings, [...webhooks, ...mails])
    // Both hang, and what does not has been delivered.
    await vi.waitFor(async () => {
      expect(outside.types(endpoint.url)).toEqual(['key.created'])
      expect(await mailRow(other)).toBeNull()
      expect(mail.sent.map(({ id }) => id).sort()).toEqual([hung, other].sort())
    })
    expect(await mailRow(hung)).not.toBeNull()
    gate.resolve(new Response('late'))
    mailGate.resolve()
    await batch
    expect(await mailRow(hung)).toBeNull()
  })

  it('are dropped with an error where a message is of neither', async () => {
    const lines = recordConsole()
    const mail = await openMail()
    await sendQueued(mail.app.isolate, mail.app.bindings, [hint({ mail: 7 }), hint(null)])
    expect(lines.filter((line) => line.includes('outbox_message_dropped'))).toHaveLength(2)
  })
})

describe('a message that has ended', () => {
  it('is deleted after a day, and one that is pending is not', async () => {
    recordConsole()
    const mail = await openMail({ send: () => Promise.reject(new Error('no')) })
    const at = mail.clock.now()
    const failed = await mail.write(somebody(), { expiresAt: at + second })
    await mail.afterResponse()
    expect((await mailRow(failed))?.status).toBe('failed')
    const pending = await mail.write(somebody())
    // The next minute that is a tenth.
    const skip = day + 10 * minute - ((mail.clock.now() + day) % (10 * minute))
    mail.clock.skip(skip)
    await mail.drain()
    expect(await mailRow(failed)).toBeNull()
    expect(await mailRow(pending)).not.toBeNull()
  })

  it('fails where the deployment has no mail any more', async () => {
    const lines = recordConsole()
    const mail = await openMail()
    const id = await mail.write(somebody())
    const { mail: _, ...none } = mail.isolate.config
    const isolate = { ...mail.isolate, config: none }
    await sendQueued(isolate, mail.app.bindings, [hint(mailBodyOf({ id, attempts: 0 }))])
    expect(await mailRow(id)).toMatchObject({ status: 'failed' })
    expect(lines.join()).toContain('No mail is configured')
  })
})
