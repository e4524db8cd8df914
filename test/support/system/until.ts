// Waits for what happens some time later. The limit only ends a test that hangs: a machine under load takes its time.
import type { ChildProcess } from 'node:child_process'
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

/** Resolves once the port has answered anything over HTTP. @throws Error where the program ends before, or does not listen */
export async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const listens = await until(async () => {
    if (child.exitCode !== null)
      throw new Error(`The program exited with ${child.exitCode} at its start.`)
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null)
    await answer?.arrayBuffer()
    return answer !== null
  })
  if (!listens) throw new Error(`Nothing listens on port ${port}.`)
}
