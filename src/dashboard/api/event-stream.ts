// Server-sent events, read with the headers of every other request: EventSource can send none.
import { createParser as createEventParser } from 'eventsource-parser'
import { accountOfPage } from './account.ts'
import { isAnswering } from './client.ts'
import { connection } from './connection.ts'
import { problemOf, unreachable } from './problem.ts'

export type ServerEvent = { event: string; data: string }

/** The server writes every two seconds: a connection that is silent for longer is dead, though nothing says so. */
const silenceMs = 15_000

/**
 * The events of a stream until it ends, or is aborted.
 * @throws ApiProblem where it does not begin, or breaks off
 */
export async function* eventsOf(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), silenceMs)
  try {
    const account = accountOfPage()
    const response = await fetch(path, {
      headers: { accept: 'text/event-stream', ...(account && { 'latchkey-account': account }) },
      signal: AbortSignal.any([signal, silence.signal]),
    })
    connection.answered()
    if (!response.ok || response.body === null) throw await problemOf(response)
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    const parser = createParser()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), silenceMs)
      yield* parser(value)
    }
  } catch (cause) {
    if (signal.aborted) return
    if (!(cause instanceof Error && cause.name === 'ApiProblem')) void isAnswering()
    throw cause instanceof Error && cause.name === 'ApiProblem' ? cause : unreachable(cause)
  } finally {
    clearTimeout(timer)
  }
}

/** Of the text as it arrives; comments, and an event that is cut off, are none. */
export function createParser(): (text: string) => ServerEvent[] {
  let events: ServerEvent[] = []
  const parser = createEventParser({
    onEvent: ({ event, data }) => event !== undefined && events.push({ event, data }),
  })
  return (text) => {
    events = []
    parser.feed(text)
    return events
  }
}
