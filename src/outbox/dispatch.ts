// Sends what is due in an outbox of D1 to the queue: after the response to a change, and every minute.
import { within } from '../storage/unavailable.ts'

/** What is due, after `attempts` earlier attempts. */
export type Due = { id: string; attempts: number }

export type DispatchStores<Body> = {
  outbox: { takeDue(nowMs: number, limit: number): Promise<Due[]> }
  queue: Pick<Queue<Body>, 'sendBatch'>
  /** The message that is a hint to look at one. */
  bodyOf(due: Due): Body
}

/** A batch that is sent to a queue has at most 100 messages. */
const maxMessages = 100
const maxBatches = 50
const sendTimeoutMs = 10_000

/** Enqueues all that is due. What the queue does not accept is due again in two minutes. */
export async function dispatch<Body>(
  { outbox, queue, bodyOf }: DispatchStores<Body>,
  nowMs: number,
): Promise<void> {
  for (let batches = 0; batches < maxBatches; batches++) {
    const due = await outbox.takeDue(nowMs, maxMessages)
    if (due.length === 0) return
    const messages = due.map((each) => ({ body: bodyOf(each) }))
    await within('queue', sendTimeoutMs, queue.sendBatch(messages))
    if (due.length < maxMessages) return
  }
}
