// The consumer of the usage queue. A batch is added to D1 once, however often it is delivered.
import { log } from '../log.ts'
import { isDeterministic } from '../storage/unavailable.ts'
import { batchLifetimeMs, type UsageBatch, type UsageStore } from '../storage/usage-store.ts'
import { batchId } from './counter.ts'

const minRetrySeconds = 60
const maxRetrySeconds = 60 * 60
/** Batches in one statement, of up to 100 kB each: D1 accepts 2 MB. */
const maxBatches = 10

/** Adds the batches to D1. A message is acknowledged once it is added, or when it never can be. */
export async function rollUp(
  store: Pick<UsageStore, 'add'>,
  messages: readonly Message<unknown>[],
  nowMs: number,
): Promise<void> {
  const readable = messages.filter((message) => isReadable(message, nowMs))
  for (let at = 0; at < readable.length; at += maxBatches) {
    await addChunk(store, readable.slice(at, at + maxBatches))
  }
}

async function addChunk(
  store: Pick<UsageStore, 'add'>,
  chunk: readonly Message<UsageBatch>[],
): Promise<void> {
  try {
    await store.add(chunk.map(({ body }) => body))
    for (const message of chunk) message.ack()
  } catch (cause) {
    // One batch that D1 always refuses must not keep out the others.
    if (chunk.length > 1 && isDeterministic(cause)) {
      for (const message of chunk) await addChunk(store, [message])
      return
    }
    log('warn', 'usage_not_rolled_up', { messages: chunk.map(({ id }) => id), cause })
    for (const message of chunk) message.retry({ delaySeconds: retryDelay(message.attempts) })
  }
}

/** Seconds: exponential from a minute to an hour, so that 100 attempts outlast the queue's four days. */
function retryDelay(attempts: number): number {
  return Math.min(minRetrySeconds * 2 ** Math.max(0, attempts - 1), maxRetrySeconds)
}

function isReadable(message: Message<unknown>, nowMs: number): message is Message<UsageBatch> {
  const { body } = message
  // The ids of older batches are pruned, so one may have been added: it is dropped, not counted twice.
  const isGood = isBatch(body) && body.id >= batchId(nowMs - batchLifetimeMs, '')
  if (isGood) return true
  log('error', 'usage_message_dropped', { message: message.id, sent: message.timestamp })
  message.ack()
  return false
}

function isBatch(body: unknown): body is UsageBatch {
  if (typeof body !== 'object' || body === null) return false
  const { version, id, rows } = body as Partial<UsageBatch>
  return version === 1 && typeof id === 'string' && Array.isArray(rows)
}
