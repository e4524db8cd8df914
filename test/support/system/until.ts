// Waits for what happens some time later. The limit only ends a test that hangs: a machine under load takes its time.
import { setTimeout as sleep } from 'node:timers/promises'

const limitMs = 90_000

/** What the condition answers once it holds, asked again and again, or its last answer when the time is over. */
export async function until<T>(condition: () => T | Promise<T>, everyMs = 100): Promise<T> {
  const deadline = Date.now() + limitMs
  for (;;) {
    const found = await condition()
    if (found || Date.now() > deadline) return found
    await sleep(everyMs)
  }
}
