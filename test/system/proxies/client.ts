// Sends requests whose bytes no client normalizes; `signIn` returns an owner who creates and revokes keys.
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { demoOwner, signIn as openSession, sendTo } from '../../support/system/sign-in.ts'

export type Sent = RequestOptions & { body?: Buffer | Buffer[] | string }

export type Answer = {
  status: number
  statusMessage: string
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  bytes: Buffer
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: assertions check its type
  json: any
}

/** node:http sends a path unchanged, dot segments included; an array as body is sent in chunks. */
export function send(port: number, path: string, { body, ...options }: Sent = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const to = { host: '127.0.0.1', port, path, agent: false, timeout: 20_000, ...options }
    const outgoing = request(to, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => resolve(answerOf(response, Buffer.concat(parts))))
    })
    outgoing.on('error', reject)
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${path}: no response within 20 s`)))
    if (Array.isArray(body)) for (const part of body) outgoing.write(part)
    outgoing.end(Array.isArray(body) ? undefined : body)
  })
}

type Received = {
  statusCode?: number | undefined
  statusMessage?: string | undefined
  headers: IncomingHttpHeaders
  rawHeaders: string[]
}

function answerOf(response: Received, bytes: Buffer): Answer {
  const { headers, rawHeaders } = response
  const text = bytes.toString()
  const isJson = /json/.test(headers['content-type'] ?? '') && !headers['content-encoding']
  return {
    status: response.statusCode ?? 0,
    statusMessage: response.statusMessage ?? '',
    headers,
    rawHeaders,
    bytes,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : null,
  }
}

export type Key = { id: string; key: string; scopes: string[] | null }

/** The owner of a demo account, signed in. */
export async function signIn(port: number, password: string) {
  const origin = `http://localhost:${port}`
  const cookie = await openSession(sendTo(origin), origin, demoOwner(password))
  async function operate(method: string, path: string, body?: unknown) {
    const headers = {
      'content-type': 'application/json',
      origin,
      cookie,
      host: `localhost:${port}`,
    }
    const answer = await send(port, path, {
      ...{ method, headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer
  }
  return {
    async makeKey(body: object = {}): Promise<Key> {
      return (await operate('POST', '/api/api-keys', { name: 'A key', ...body })).json.data
    },
    async revoke(id: string): Promise<void> {
      await operate('DELETE', `/api/api-keys/${id}`)
    },
  }
}

export type Owner = Awaited<ReturnType<typeof signIn>>
