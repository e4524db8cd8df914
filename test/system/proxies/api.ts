// The protected API: a Node server that records its requests and echoes them, or responds as set.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export type Seen = {
  method: string
  url: string
  headers: IncomingMessage['headers']
  rawHeaders: string[]
  body: Buffer
}

export type Answerer = (request: IncomingMessage, response: ServerResponse) => void

export async function startApi() {
  const seen: Seen[] = []
  const api = {
    /** Every request that was read completely. */
    seen,
    port: 0,
    /** Replaces the echo; `null` restores it. */
    answer: null as Answerer | null,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
  // Node takes 16 kB of headers unless it is told otherwise (docs/forward-auth.md).
  const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
    if (api.answer !== null) return api.answer(request, response)
    record(request).then((one) => {
      seen.push(one)
      const { body: _, ...echo } = one
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(echo))
    })
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => echoFrames(request, socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address !== null && typeof address === 'object') api.port = address.port
  return api
}

export type Api = Awaited<ReturnType<typeof startApi>>

export async function record(request: IncomingMessage): Promise<Seen> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const { method = '', url = '', headers, rawHeaders } = request
  return { method, url, headers, rawHeaders, body: Buffer.concat(parts) }
}

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A WebSocket (RFC 6455) for short messages: echoes each, after the account of the identity headers. */
function echoFrames({ headers }: IncomingMessage, socket: Socket): void {
  const accept = createHash('sha1')
    .update(`${headers['sec-websocket-key']}${guid}`)
    .digest('base64')
  const protocol = headers['sec-websocket-protocol']
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  socket.on('error', () => {})
  let waiting = Buffer.alloc(0)
  socket.on('data', (data) => {
    waiting = Buffer.concat([waiting, data])
    for (let frame = readFrame(waiting); frame !== null; frame = readFrame(waiting)) {
      waiting = waiting.subarray(frame.size)
      if (frame.opcode === 8) return socket.end(Buffer.from([0x88, 0]))
      const echo = `${headers['x-latchkey-account']}: ${frame.text}`
      const reply = frame.opcode === 1 ? Buffer.from(echo) : frame.payload
      socket.write(Buffer.concat([Buffer.from([0x80 | frame.opcode, reply.length]), reply]))
    }
  })
}

/** One masked frame of fewer than 126 bytes, or null while it is incomplete. */
function readFrame(bytes: Buffer) {
  if (bytes.length < 6) return null
  const length = bytes.readUInt8(1) & 0x7f
  const size = 6 + length
  if (bytes.length < size) return null
  const payload = Buffer.from(bytes.subarray(6, size))
  for (let at = 0; at < length; at++) payload[at] = (payload[at] ?? 0) ^ (bytes[2 + (at % 4)] ?? 0)
  return { opcode: bytes.readUInt8(0) & 0x0f, payload, text: payload.toString(), size }
}
