// Calls to fences from a Worker: readers query the nearest one, changes raise any. A failed query means
// that the record must be read from D1; a failed raise is not acknowledged.
import type { ReportOutage } from '../log.ts'
import { within } from '../storage/unavailable.ts'
import { acknowledged } from './acknowledged.ts'
import type { FenceAnswer, FenceStatus, Floor, Since } from './fence.ts'
import type { FenceObject } from './fence-object.ts'
import { regionOfFence } from './regions.ts'

export type NearestFence = {
  /** As `Fence.ask`; null: unknown, read D1. Never throws. */
  ask(since: Since | null, digest: string | null): Promise<FenceAnswer | null>
}

export type AllFences = {
  /** Whether the fence acknowledged. Never throws. */
  raise(fence: string, raises: readonly Floor[]): Promise<boolean>
  /** Whether the fence acknowledged. Never throws. */
  reset(fence: string): Promise<boolean>
}

export const fenceTimeoutMs = 500
const inspectTimeoutMs = 2_000
const raiseTimeoutMs = 5_000

type Namespace = DurableObjectNamespace<FenceObject>

/** @param name a fence of the region in which the isolate runs */
export function createNearestFence(
  namespace: Namespace,
  name: string,
  reportOutage: ReportOutage = () => {},
): NearestFence {
  const region = regionOfFence(name)
  return {
    async ask(since, digest) {
      try {
        const stub = namespace.getByName(name, {
          locationHint: region,
          // The platform would retry for up to 10 s, much longer than a read from D1 takes.
          retry: { maxRetries: 1, timeoutMs: fenceTimeoutMs },
        })
        // RPC's types make an array of a tuple.
        const answer = stub.ask(since, digest) as unknown as Promise<FenceAnswer | null>
        return await within('fence', fenceTimeoutMs, answer)
      } catch (cause) {
        reportOutage(`fence ${region}`, cause)
        return null
      }
    },
  }
}

/** For monitoring. @throws StoreUnavailable when the fence does not answer within 2 s. */
export function inspectFence(
  namespace: Namespace,
  fence: string,
  subjects: string[],
): Promise<FenceStatus> {
  const stub = namespace.getByName(fence, { locationHint: regionOfFence(fence) })
  return within(
    'fence',
    inspectTimeoutMs,
    Promise.resolve().then(() => stub.inspect(subjects)),
  )
}

export function createAllFences(namespace: Namespace): AllFences {
  const stubOf = (fence: string) =>
    namespace.getByName(fence, { locationHint: regionOfFence(fence) })
  const isAcknowledged = (call: () => PromiseLike<unknown>) =>
    within('fence', raiseTimeoutMs, Promise.resolve().then(call)).then(
      // A fence of another deployment may answer differently: only this value acknowledges.
      (answer) => answer === acknowledged,
      () => false,
    )
  return {
    raise: (fence, raises) => isAcknowledged(() => stubOf(fence).hold([...raises])),
    reset: (fence) => isAcknowledged(() => stubOf(fence).reset()),
  }
}
