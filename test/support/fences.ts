// The fences as tests address them.
import { env } from 'cloudflare:workers'
import type { FenceAnswer, Since } from '../../src/coherence/fence.ts'
import { isolatesFence } from './test-app.ts'

/** As `Fence.ask`. */
export async function askFence(
  name: string,
  since: Since | null,
  digest: string | null,
): Promise<FenceAnswer | null> {
  // RPC's types make an array of a tuple.
  return (await env.FENCE.getByName(name).ask(since, digest)) as unknown as FenceAnswer | null
}

/** How fresh a record of the digest must be by the fence; null: it is not registered. */
export async function requiredSeqOf(name: string, digest: string): Promise<number | null> {
  return (await askFence(name, null, digest))?.requiredSeq ?? null
}

/** Asks until the fence has registered itself in D1. @returns its lowest sequence. */
export async function openFence(name = isolatesFence): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await askFence(name, null, null)
    if (answer !== null) return answer.base
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`The fence ${name} did not open.`)
}
