// From the outbox to the queue: right after a change was answered, and every minute for what was left.
import { within } from '../storage/unavailable.ts'
import type { Due, Outbox } from '../storage/webhook-outbox.ts'

export type DispatchStores = {
  outbox: Pick<Outbox, 'handOver'>
  queue: Pick<Queue<Due>, 'sendBatch'>
}

/** A batch of a queue has 100 messages at most. */
const maxMessages = 100
const maxBatches = 50
const sendTimeoutMs = 10_000

/** Hands over all that is due. What the queue does not take is due again in two minutes. */
export async function dispatch({ outbox, queue }: DispatchStores, nowMs: number): Promise<void> {
  for (let batches = 0; batches < maxBatches; batches++) {
    const due = await outbox.handOver(nowMs, maxMessages)
    if (due.length === 0) return
    const messages = due.map(({ id, attempts }) => ({ body: { id, attempts } }))
    await within('queue', sendTimeoutMs, queue.sendBatch(messages))
    if (due.length < maxMessages) return
  }
}
