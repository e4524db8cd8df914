// From the outbox to the queue: right after a change was answered, and every minute for what was left.
import { within } from '../storage/unavailable.ts'
import type { Due, Outbox } from '../storage/webhook-outbox.ts'

export type DispatchStores = {
  outbox: Pick<Outbox, 'handOver'>
  queue: Pick<Queue<Due>, 'sendBatch'>
}

/** A batch of a queue has 100 messages at most. */
const mostMessages = 100
const mostBatches = 50
const sendLimitMs = 10_000

/** Hands over all that is due. What the queue does not take is due again in two minutes. */
export async function dispatch({ outbox, queue }: DispatchStores, nowMs: number): Promise<void> {
  for (let batches = 0; batches < mostBatches; batches++) {
    const due = await outbox.handOver(nowMs, mostMessages)
    if (due.length === 0) return
    const messages = due.map(({ id, attempts }) => ({ body: { id, attempts } }))
    await within('queue', sendLimitMs, queue.sendBatch(messages))
    if (due.length < mostMessages) return
  }
}
