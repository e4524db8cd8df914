// Sends a batch of entries. What has no result yet is sent again: the API changes no key that exists.
import { LatchkeyError } from '../../error.ts'
import type { Connection } from '../connection.ts'
import { persistently } from '../retry.ts'
import type { Entry } from './entry.ts'

export type Result = {
  result: string
  detail?: string
  errors?: { path: string; message: string }[]
}

export async function send(
  connection: Connection,
  keys: readonly Entry[],
  onWait: (text: string) => void,
): Promise<Result[]> {
  // One for all attempts, so that what a lost answer created is said to be created.
  const idempotencyKey = crypto.randomUUID()
  try {
    return await persistently(
      () => sendOnce(connection, keys, idempotencyKey),
      (error, seconds) => onWait(`Waiting ${seconds} s: ${error.detail}`),
    )
  } catch (error) {
    if (!isOfBody(error)) throw error
    const [only] = keys
    if (keys.length === 1 && only !== undefined)
      return [{ result: 'invalid', detail: error.detail }]
    return halves(connection, keys, onWait)
  }
}

async function sendOnce(
  { request }: Connection,
  keys: readonly Entry[],
  idempotencyKey: string,
): Promise<Result[]> {
  const answer = await request('POST', '/api/api-keys/import', { json: { keys }, idempotencyKey })
  return (answer as { data: Result[] }).data
}

/** The whole body is refused for one entry, such as one with a lone surrogate: it is found by halving. */
async function halves(
  connection: Connection,
  keys: readonly Entry[],
  onWait: (text: string) => void,
): Promise<Result[]> {
  const middle = Math.ceil(keys.length / 2)
  const first = await send(connection, keys.slice(0, middle), onWait)
  return [...first, ...(await send(connection, keys.slice(middle), onWait))]
}

function isOfBody(error: unknown): error is LatchkeyError {
  return error instanceof LatchkeyError && [400, 413].includes(error.httpStatus)
}
