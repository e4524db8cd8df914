// A receiver of webhooks: a plain HTTP server on this machine that verifies each message with the reference
// library (standardwebhooks).
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

export type Arrival = {
  path: string
  at: number
  id: string
  headers: Record<string, string>
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: assertions check its type
  body: any
  /** Whether a signature verifies with this secret. */
  isSignedBy(secret: string): boolean
  /** Resolves when the sender has closed the connection. */
  closed: Promise<unknown>
}

export type Answering = (response: ServerResponse, arrival: Arrival) => void

export type Receiver = Awaited<ReturnType<typeof startReceiver>>

export async function startReceiver(port = 0) {
  const arrivals: Arrival[] = []
  const answers = new Map<string, Answering>()
  const server = createServer(async (request, response) => {
    const arrival = await arrivalOf(request, response)
    arrivals.push(arrival)
    const answer = answers.get(arrival.path) ?? ((each) => void each.writeHead(204).end())
    answer(response, arrival)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    ...{ arrivals, answers, origin, port: (server.address() as AddressInfo).port },
    at: (path: string) => arrivals.filter((arrival) => arrival.path === path),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function arrivalOf(request: IncomingMessage, response: ServerResponse): Promise<Arrival> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const headers = request.headers as Record<string, string>
  return {
    path: request.url ?? '',
    at: Date.now(),
    id: headers['webhook-id'] ?? '',
    ...{ headers, text, body: JSON.parse(text) },
    closed: once(response, 'close'),
    isSignedBy(secret) {
      try {
        return new Webhook(secret).verify(text, headers) !== null
      } catch {
        return false
      }
    },
  }
}
