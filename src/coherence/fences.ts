// Calls to fences from a Worker: readers query the nearest one, changes raise any. A failed query means
// that the record must be read from D1; a failed raise is not acknowledged.
import type { ReportOutage } from '../log.ts'
import { within } from '../storage/unavailable.ts'
import { acknowledged, type FenceStatus, type Raise } from './fence.ts'
import type { FenceObject } from './fence-object.ts'
import { fenceName, type Region, regionOfFence } from './regions.ts'

export type NearestFence = {
  /** The lowest valid `asOf` in this region; null: unknown, read D1. Never throws. */
  requiredSeq(digest: string): Promise<number | null>
}

export type AllFences = {
  /** Whether the fence acknowledged. Never throws. */
  raise(fence: string, raises: Raise[]): Promise<boolean>
  /** Whether the fence acknowledged. Never throws. */
  reset(fence: string): Promise<boolean>
}

export const fenceTimeoutMs = 500
const inspectTimeoutMs = 2_000
const raiseTimeoutMs = 5_000

type Namespace = DurableObjectNamespace<FenceObject>

export function createNearestFence(
  namespace: Namespace,
  { region, shards }: { region: Region; shards: number },
  reportOutage: ReportOutage = () => {},
): NearestFence {
  return {
    async requiredSeq(digest) {
      try {
        const stub = namespace.getByName(fenceName(region, digest, shards), {
          locationHint: region,
          // The platform would retry for up to 10 s, much longer than a read from D1 takes.
          retry: { maxRetries: 1, timeoutMs: fenceTimeoutMs },
        })
        return await within('fence', fenceTimeoutMs, stub.requiredSeq(digest))
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
  digest: string,
): Promise<FenceStatus> {
  const stub = namespace.getByName(fence, { locationHint: regionOfFence(fence) })
  return within(
    'fence',
    inspectTimeoutMs,
    Promise.resolve().then(() => stub.inspect(digest)),
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
    raise: (fence, raises) => isAcknowledged(() => stubOf(fence).raise(raises)),
    reset: (fence) => isAcknowledged(() => stubOf(fence).reset()),
  }
}
