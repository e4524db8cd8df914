// One run of the model: all results for the page and its charts.
import { type Region, regions } from '../../src/coherence/regions.ts'
import { createRandom } from '../../test/simulation/random.ts'
import type { Design, Stages } from './design.ts'
import { designs, variantOf } from './designs.ts'
import { weightedIndex } from './distributions.ts'
import { type Inputs, requestRates } from './inputs.ts'
import { regionOf } from './latchkey.ts'
import {
  type Revoking,
  revoking,
  type Size,
  type Verifying,
  verifying,
  verifyingIn,
  weightOf,
} from './measure.ts'
import { roundTripMs } from './network.ts'
import { type City, cities, hostPlace, hostsOf } from './places.ts'
import { add, emptySample, quantile } from './sample.ts'

export const renewing = variantOf('ahead', 'Latchkey, renewing ahead (not built)', {
  renewedAhead: 0.5,
})

export type AtRate = { perSecond: number; verifying: Verifying; revoking: Revoking }
export type DesignResult = { design: Design; mixed: Verifying; atRates: AtRate[] }

export type CityResult = {
  city: City
  region: Region
  /** The lease has expired and memory has the record: one call to the fence. */
  fence: { p50: number; p99: number }
  /** An isolate’s first use: the fence and KV. */
  first: { p50: number; p99: number }
  /** A colo's first use: KV reads from a more distant store. */
  firstOfColo: { p50: number; p99: number }
  d1: { p50: number; p99: number }
  /** The region whose fence would be nearest by the model, and the round trips to both (ms). */
  nearer: { region: Region; ms: number; insteadOfMs: number } | null
}

export type Results = {
  designs: DesignResult[]
  cities: CityResult[]
  stages: Record<keyof Stages, number>
  leases: { leaseMs: number; mixed: Verifying; revoking: Revoking }[]
}

/** At this request rate memory answers at most a hundredth; the fence answers the rest. */
const coldRate = 0.01

export function run(inputs: Inputs, size: Size): Results {
  return {
    designs: [...designs, renewing].map((design) => runDesign(design, inputs, size)),
    cities: cities.map((city) => runCity(inputs, size, city)),
    stages: stagesOf(inputs, size),
    leases: [0, 1_000, 2_000, 5_000, 10_000, 60_000].map((leaseMs) => {
      const [latchkey] = designs as [Design]
      const changed = { ...inputs, leaseMs }
      return {
        leaseMs,
        mixed: verifying(latchkey, changed, size),
        revoking: revoking(latchkey, changed, size, 1),
      }
    }),
  }
}

function runDesign(design: Design, inputs: Inputs, size: Size): DesignResult {
  const atRates = requestRates.map((rate) => ({
    perSecond: rate.perSecond,
    verifying: verifying(design, inputs, size, [rate]),
    // Above 10 requests per second the staleness no longer changes.
    revoking: revoking(design, inputs, size, Math.min(rate.perSecond, 10)),
  }))
  return { design, mixed: verifying(design, inputs, size), atRates }
}

function runCity(inputs: Inputs, size: Size, city: City): CityResult {
  const [latchkey, , d1] = designs as [Design, Design, Design]
  const many = { ...size, requests: size.requests * 2 }
  const of = (design: Design, changes: Partial<Inputs>) => {
    const { latency } = verifyingIn(design, { ...inputs, ...changes }, many, city, coldRate)
    return { p50: quantile(latency, 0.5), p99: quantile(latency, 0.99) }
  }
  return {
    city,
    region: regionOf(city),
    fence: of(latchkey, { isolates: 1, isolateLifeMs: Number.MAX_SAFE_INTEGER }),
    first: of(latchkey, { isolateLifeMs: 1 }),
    firstOfColo: of(latchkey, { isolateLifeMs: 1, kvCacheMs: 1 }),
    d1: of(d1, {}),
    nearer: nearerRegion(inputs, city),
  }
}

/** The mean round trip from a city to the possible hosts of a region’s fence (ms). */
export function fenceTripMs(inputs: Inputs, city: City, region: Region): number {
  const trips = hostsOf[region].map((host) => roundTripMs(inputs, city, hostPlace(host)))
  return trips.reduce((sum, trip) => sum + trip, 0) / trips.length
}

function nearerRegion(inputs: Inputs, city: City): CityResult['nearer'] {
  const insteadOfMs = fenceTripMs(inputs, city, regionOf(city))
  const [best] = regions
    .map((region) => ({ region, ms: fenceTripMs(inputs, city, region), insteadOfMs }))
    .sort((one, other) => one.ms - other.ms)
  // Differences below a tenth are within the random choice of the host.
  return best !== undefined && best.ms < 0.9 * insteadOfMs ? best : null
}

function stagesOf(inputs: Inputs, { seed, revocations }: Size): Results['stages'] {
  const [latchkey] = designs as [Design]
  const weights = cities.map((city) => weightOf(inputs, city))
  const names = ['commit', 'purge', 'raise', 'wait', 'close'] as const
  const samples = names.map(() => emptySample())
  for (let turn = 0; turn < revocations * 5; turn++) {
    const random = createRandom(seed + 15485863 * turn)
    const here = cities[weightedIndex(random, weights)] as City
    const { stages } = latchkey.revoke({ random, inputs, here })
    for (const [at, name] of names.entries()) {
      const sample = samples[at]
      if (stages !== undefined && sample !== undefined) add(sample, stages[name])
    }
  }
  const medians = names.map((name, at) => [name, quantile(samples[at] ?? emptySample(), 0.5)])
  return Object.fromEntries(medians) as Results['stages']
}
