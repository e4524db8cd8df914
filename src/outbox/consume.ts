// The consumer of the queue. A message is only a hint, so every message is acknowledged: the outbox keeps what is
// pending, and the reconciler sends it again.
import { log } from '../log.ts'

/**
 * Makes the attempts of a batch, all at once, so that one that hangs delays no other.
 * @param attemptOf null for a body that no outbox sends
 */
export async function consume(
  messages: readonly Message<unknown>[],
  attemptOf: (body: unknown) => Promise<void> | null,
): Promise<void> {
  const each = messages.map(async (message) => {
    try {
      const attempt = attemptOf(message.body)
      if (attempt === null) log('error', 'outbox_message_dropped', { message: message.id })
      await attempt
    } catch (cause) {
      log('warn', 'outbox_attempt_unfinished', { message: message.id, cause })
    }
    message.ack()
  })
  await Promise.all(each)
}

/** Waits that are shorter than the interval of the reconciler are delays of the queue. */
const shortWaitMs = 60_000

/** After an attempt that is to be repeated was recorded. */
export async function enqueueAgain<Body>(
  queue: Pick<Queue<Body>, 'send'>,
  body: Body,
  waitMs: number,
): Promise<void> {
  if (waitMs < shortWaitMs) await queue.send(body, { delaySeconds: waitMs / 1000 })
}
