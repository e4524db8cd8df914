// Sends due deliveries from the outbox to the queue: after the response to a change, and every minute.
import { within } from '../storage/unavailable.ts'
import type { Due, Outbox } from '../storage/webhook-outbox.ts'

export type DispatchStores = {
  outbox: Pick<Outbox, 'takeDue'>
  queue: Pick<Queue<Due>, 'sendBatch'>
}

/** A batch that is sent to a queue has at most 100 messages. */
const maxMessages = 100
const maxBatches = 50
const sendTimeoutMs = 10_000

/** Enqueues all due deliveries. What the queue does not accept is due again in two minutes. */
export async function dispatch({ outbox, queue }: DispatchStores, nowMs: number): Promise<void> {
  for (let batches = 0; batches < maxBatches; batches++) {
    const due = await outbox.takeDue(nowMs, maxMessages)
    if (due.length === 0) return
    const messages = due.map(({ id, attempts }) => ({ body: { id, attempts } }))
    await within('queue', sendTimeoutMs, queue.sendBatch(messages))
    if (due.length < maxMessages) return
  }
}
