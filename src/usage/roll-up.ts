// The consumer of the usage queue: batches are added to D1 once each, however often and in whatever
// order they arrive.
import { log } from '../core/log.ts'
import { batchLifetimeMs, type UsageBatch, type UsageStore } from '../storage/usage-store.ts'
import { batchId } from './counter.ts'

const firstRetrySeconds = 60
const lastRetrySeconds = 60 * 60
/** A statement of D1 takes 2 MB; a batch has up to 100 kB. */
const maxBatches = 10

/** Adds what the messages count. Each is acknowledged once D1 has it, or when it can never be added. */
export async function rollUp(
  store: Pick<UsageStore, 'add'>,
  messages: readonly Message<unknown>[],
  nowMs: number,
): Promise<void> {
  const good = messages.filter((message) => isReadable(message, nowMs))
  for (let at = 0; at < good.length; at += maxBatches) {
    const some = good.slice(at, at + maxBatches)
    try {
      await store.add(some.map(({ body }) => body))
      for (const message of some) message.ack()
    } catch (cause) {
      log('warn', 'usage_not_rolled_up', { messages: some.length, cause })
      for (const message of some) message.retry({ delaySeconds: retryDelay(message.attempts) })
    }
  }
}

/** A minute, twice as long each time, up to an hour: a hundred attempts outlast the queue's four days. */
function retryDelay(attempts: number): number {
  return Math.min(firstRetrySeconds * 2 ** Math.max(0, attempts - 1), lastRetrySeconds)
}

function isReadable(message: Message<unknown>, nowMs: number): message is Message<UsageBatch> {
  const { body } = message
  // Of an older one it is no longer known whether it was added: better lost than counted twice.
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
