// Streams and WebSockets of the API behind the gateway: they end when their credential no longer admits them.
import type { Context } from 'hono'
import { log } from '../../log.ts'
import type { AppEnv } from '../app-env.ts'
import { type RequestRoute, stillAdmitted } from './admission.ts'
import { watch } from './watch.ts'

/** Starts the watch of a connection, which calls `end` once at most. @returns stops it. */
type StartWatch = (end: () => void) => () => void

/**
 * The response, which now ends with its credential.
 * @param isDue the credential was verified longer ago than the interval: the API took that long to answer.
 */
export function endWithCredential(
  c: Context<AppEnv>,
  response: Response,
  { route, isDue }: { route: RequestRoute; isDue: boolean },
): Response {
  const startWatch: StartWatch = (end) =>
    watch({
      check: () => stillAdmitted(c, route),
      intervalMs: c.env.config.gateway.reverifyMs,
      isDue,
      end(standing) {
        log('info', 'connection_ended', { request_id: c.env.report.id, standing })
        end()
      },
    })
  const { webSocket, body, headers } = response
  if (webSocket) {
    const client = endingSocket(webSocket, startWatch)
    return new Response(null, { status: 101, webSocket: client, headers })
  }
  if (body === null) return response
  return new Response(endingBody(body, startWatch, c.req.raw.signal), response)
}

const endedText = 'The credential no longer admits this connection.'

const maxChunkBytes = 64 * 1024

/** A client sees an aborted answer, not a complete one. */
function endingBody(
  body: ReadableStream<Uint8Array>,
  startWatch: StartWatch,
  client: AbortSignal,
): ReadableStream<Uint8Array> {
  const { readable, writable } = new IdentityTransformStream()
  const [from, to] = [readInto(body), writable.getWriter()]
  const stop = startWatch(() => end(new Error(endedText)))
  function end(reason: unknown): void {
    stop()
    to.abort(reason).catch(() => {})
    from.cancel(reason).catch(() => {})
  }
  client.addEventListener('abort', () => end(client.reason), { once: true })
  // workerd reports a client that cancels, and does not disconnect, at the next byte.
  to.closed.then(stop, end)
  transfer(from.read, to).catch(end)
  return readable
}

type ReadInto = (buffer: ArrayBuffer) => Promise<{ done: boolean; value?: Uint8Array | undefined }>

/** One buffer carries all bytes: a chunk of its own for each read would be garbage of this isolate. */
async function transfer(read: ReadInto, to: WritableStreamDefaultWriter): Promise<void> {
  let buffer = new ArrayBuffer(maxChunkBytes)
  for (;;) {
    const { done, value } = await read(buffer)
    if (done || value === undefined) break
    await to.write(value)
    buffer = value.buffer as ArrayBuffer
  }
  await to.close()
}

/** Only streams of bytes, as those of `fetch` are, read into a buffer that is given. */
function readInto(body: ReadableStream<Uint8Array>) {
  const cancel = (reader: { cancel(reason: unknown): Promise<void> }) => (reason: unknown) =>
    reader.cancel(reason)
  try {
    const reader = body.getReader({ mode: 'byob' })
    const read: ReadInto = (buffer) => reader.read(new Uint8Array(buffer))
    return { read, cancel: cancel(reader) }
  } catch {
    const reader = body.getReader()
    const read: ReadInto = () => reader.read()
    return { read, cancel: cancel(reader) }
  }
}

/** Close codes of RFC 6455 7.4.1. */
const policyViolation = 1008
const noStatus = 1005
const internalError = 1011

function endingSocket(upstream: WebSocket, startWatch: StartWatch): WebSocket {
  const { 0: client, 1: server } = new WebSocketPair()
  const stop = startWatch(() => {
    for (const socket of [server, upstream]) close(socket, policyViolation, endedText)
  })
  forward(upstream, server, stop)
  forward(server, upstream, stop)
  return client
}

/** Either side closes by itself, so that each receives what the other sent before its Close frame. */
function forward(from: WebSocket, to: WebSocket, stop: () => void): void {
  from.binaryType = 'arraybuffer'
  from.addEventListener('message', ({ data }) => {
    try {
      to.send(data)
    } catch {
      // It is closed: its own event ends the other side.
    }
  })
  from.addEventListener('close', ({ code, reason }) => {
    stop()
    close(to, code, reason)
  })
  from.addEventListener('error', () => {
    stop()
    close(to, internalError, '')
  })
  from.accept({ allowHalfOpen: true })
}

/** Some codes only describe how a connection ended and cannot be sent (RFC 6455 7.4.1). */
function close(socket: WebSocket, code: number, reason: string): void {
  try {
    if (code === noStatus) socket.close()
    else socket.close(isSendable(code) ? code : internalError, reason)
  } catch {
    // It is closed already.
  }
}

function isSendable(code: number): boolean {
  return code >= 1000 && code < 5000 && ![1004, 1006, 1015].includes(code)
}
