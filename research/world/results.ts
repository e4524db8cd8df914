// One run of the model: everything that the page and its plots show.
import { type Region, regions } from '../../src/coherence/regions.ts'
import { type Design, designs, type Stages, variantOf } from './designs.ts'
import { heats, type Inputs } from './inputs.ts'
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
import { type City, cities, hostPlace, seats } from './places.ts'
import { createRandom, pickWeighted } from './random.ts'
import { add, emptySample, quantile } from './sample.ts'

export const renewing = variantOf('ahead', 'Latchkey, renewing ahead (not built)', {
  renewedAhead: 0.5,
})

export type AtHeat = { perSecond: number; verifying: Verifying; revoking: Revoking }
export type DesignResult = { design: Design; mixed: Verifying; atHeats: AtHeat[] }

export type CityResult = {
  city: City
  region: Region
  /** The lease is over, memory has the record: one call of the fence. */
  fence: { p50: number; p99: number }
  /** An isolate’s first use: the fence and KV. */
  first: { p50: number; p99: number }
  /** A colo's first use: KV has to ask further away. */
  firstOfColo: { p50: number; p99: number }
  d1: { p50: number; p99: number }
  /** The region whose fence would be nearest by the model, and the round trips to both (ms). */
  better: { region: Region; ms: number; insteadOfMs: number } | null
}

export type Results = {
  designs: DesignResult[]
  cities: CityResult[]
  stages: Record<keyof Stages, number>
  leases: { leaseMs: number; mixed: Verifying; revoking: Revoking }[]
}

/** Memory at most answers a hundredth of what comes at this heat: what remains is the fence. */
const cold = 0.01

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
  const atHeats = heats.map((heat) => ({
    perSecond: heat.perSecond,
    verifying: verifying(design, inputs, size, [heat]),
    // A key with 100 requests a second in each colo is not different from one with 10 in this.
    revoking: revoking(design, inputs, size, Math.min(heat.perSecond, 10)),
  }))
  return { design, mixed: verifying(design, inputs, size), atHeats }
}

function runCity(inputs: Inputs, size: Size, city: City): CityResult {
  const [latchkey, , d1] = designs as [Design, Design, Design]
  const many = { ...size, requests: size.requests * 2 }
  const of = (design: Design, changes: Partial<Inputs>) => {
    const { latency } = verifyingIn(design, { ...inputs, ...changes }, many, city, cold)
    return { p50: quantile(latency, 0.5), p99: quantile(latency, 0.99) }
  }
  return {
    city,
    region: regionOf(city),
    fence: of(latchkey, { isolates: 1, isolateLifeMs: Number.MAX_SAFE_INTEGER }),
    first: of(latchkey, { isolateLifeMs: 1 }),
    firstOfColo: of(latchkey, { isolateLifeMs: 1, kvCacheMs: 1 }),
    d1: of(d1, {}),
    better: betterRegion(inputs, city),
  }
}

/** The mean round trip from a city to where a region’s fence may stand (ms). */
export function fenceTripMs(inputs: Inputs, city: City, region: Region): number {
  const trips = seats[region].map((seat) => roundTripMs(inputs, city, hostPlace(seat)))
  return trips.reduce((sum, trip) => sum + trip, 0) / trips.length
}

function betterRegion(inputs: Inputs, city: City): CityResult['better'] {
  const insteadOfMs = fenceTripMs(inputs, city, regionOf(city))
  const [best] = regions
    .map((region) => ({ region, ms: fenceTripMs(inputs, city, region), insteadOfMs }))
    .sort((one, other) => one.ms - other.ms)
  // Less than a tenth is within what the seats’ random decides.
  return best !== undefined && best.ms < 0.9 * insteadOfMs ? best : null
}

function stagesOf(inputs: Inputs, { seed, revocations }: Size): Results['stages'] {
  const [latchkey] = designs as [Design]
  const weights = cities.map((city) => weightOf(inputs, city))
  const names = ['commit', 'purge', 'raise', 'wait', 'close'] as const
  const samples = names.map(() => emptySample())
  for (let turn = 0; turn < revocations * 5; turn++) {
    const random = createRandom(seed + 15485863 * turn)
    const here = cities[pickWeighted(random, weights)] as City
    const { stages } = latchkey.revoke({ random, inputs, here })
    for (const [at, name] of names.entries()) {
      const sample = samples[at]
      if (stages !== undefined && sample !== undefined) add(sample, stages[name])
    }
  }
  const medians = names.map((name, at) => [name, quantile(samples[at] ?? emptySample(), 0.5)])
  return Object.fromEntries(medians) as Results['stages']
}
