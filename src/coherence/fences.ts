// The caller's side of fences: the nearest one is asked, any one is raised. Whatever fails here means
// "ask D1" or "not acknowledged", never more.
import type { ReportOutage } from '../core/log.ts'
import { within } from '../storage/unavailable.ts'
import { acknowledged, type FenceStatus, type Raise } from './fence.ts'
import type { FenceObject } from './fence-object.ts'
import { fenceName, type Region, regionOfFence } from './regions.ts'

export type NearestFence = {
  /** The `asOf` from which a record is good in this region; null: not known, ask D1. Never throws. */
  requiredSeq(digest: string): Promise<number | null>
}

export type AllFences = {
  /** Whether the fence now holds the raises. Never throws. */
  raise(fence: string, raises: Raise[]): Promise<boolean>
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
          // The platform would retry for up to 10 s; a reader asks D1 long before.
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

/** What a fence knows, for monitoring. @throws StoreUnavailable */
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
  const isHeld = (call: () => PromiseLike<unknown>) =>
    within('fence', raiseTimeoutMs, Promise.resolve().then(call)).then(
      // An older deployment of the fence may not know the call: only the word itself counts.
      (answer) => answer === acknowledged,
      () => false,
    )
  return {
    raise: (fence, raises) => isHeld(() => stubOf(fence).raise(raises)),
    reset: (fence) => isHeld(() => stubOf(fence).reset()),
  }
}
