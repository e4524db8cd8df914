// Server-sent events in the dashboard: what arrives, and how a stream ends.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createParser, eventsOf, type ServerEvent } from '../../src/dashboard/api/event-stream.ts'
import {
  fieldsOfParams,
  paramsOfFields,
  questionOf,
} from '../../src/dashboard/playground/question.ts'

let answer: (signal: AbortSignal) => Response

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) =>
    path === '/healthz' ? new Response() : answer(init?.signal as AbortSignal),
  )
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

/** Sends the texts, one a second, and is then silent; it breaks off with the signal, as that of a browser does. */
function streamed(...texts: string[]) {
  return (signal: AbortSignal): Response => {
    const encoder = new TextEncoder()
    const body = new ReadableStream({
      start(controller) {
        for (const [at, text] of texts.entries()) {
          setTimeout(() => controller.enqueue(encoder.encode(text)), at * 1_000)
        }
        signal.addEventListener('abort', () => controller.error(signal.reason))
      },
    })
    return new Response(body)
  }
}

/** What a reader gets, and with what code it ends; null: by itself. */
async function read(signal = new AbortController().signal, ms = 20_000) {
  const events: ServerEvent[] = []
  const reading = (async () => {
    for await (const event of eventsOf('/api/requests?follow=true', signal)) events.push(event)
  })().then(
    () => null,
    (problem: { code: string }) => problem.code,
  )
  await vi.advanceTimersByTimeAsync(ms)
  return { events, end: await reading }
}

it('reads events from a stream that is cut anywhere, and not what is cut off', () => {
  const text = 'event: open\ndata: \n\n: \n\nevent: request\nid: 1\ndata: {"a":1}\n\nevent: requ'
  for (let at = 0; at <= text.length; at++) {
    const parse = createParser()
    expect([...parse(text.slice(0, at)), ...parse(text.slice(at))]).toEqual([
      { event: 'open', data: '' },
      { event: 'request', data: '{"a":1}' },
    ])
  }
})

it('a connection that is silent is known to be dead', async () => {
  answer = streamed('event: open\ndata: \n\n')
  expect(await read()).toEqual({ events: [{ event: 'open', data: '' }], end: 'unreachable' })
})

it('a comment every other second keeps it alive', async () => {
  answer = streamed(...Array.from({ length: 60 }, () => ': \n\n'), 'event: late\ndata: \n\n')
  const { events, end } = await read(undefined, 80_000)
  expect([events, end]).toEqual([[{ event: 'late', data: '' }], 'unreachable'])
})

it('what is refused says why, and what is aborted ends quietly', async () => {
  answer = () => Response.json({ code: 'forbidden' }, { status: 403 })
  expect(await read()).toEqual({ events: [], end: 'forbidden' })
  answer = streamed('event: open\ndata: \n\n')
  const left = new AbortController()
  setTimeout(() => left.abort(), 2_000)
  expect((await read(left.signal)).end).toBeNull()
})

it('the address of the playground has every field but the token', () => {
  const params = new URLSearchParams(
    'key_id=K&method=PUT&path=%2Fapi%2Fa&ip=::1&environment=any&scopes=a%3Ab',
  )
  const fields = fieldsOfParams(params)
  expect(paramsOfFields(fields).toString()).toBe(
    'key_id=K&method=PUT&path=%2Fapi%2Fa&ip=%3A%3A1&environment=any&scopes=a%3Ab',
  )
  const token = { ...fields, subject: 'A token' as const, token: 'whm_secret' }
  expect(paramsOfFields(token).toString()).not.toMatch(/secret|key_id/)
  expect(questionOf({ ...token, path: '', scopes: ' a:b, c:d ' })).toEqual({
    token: 'whm_secret',
    ip: '::1',
    environment: 'any',
    scopes: ['a:b', 'c:d'],
  })
  expect(questionOf({ ...fields, keyId: '' })).toBeNull()
  expect(questionOf({ ...token, token: ' ' })).toBeNull()
})
