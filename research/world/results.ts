// One run of the model: all results for the page and its charts.
import { type Region, regions } from '../../src/coherence/regions.ts'
import { createRandom } from '../../test/simulation/random.ts'
import type { Design, Stages } from './design.ts'
import { designs } from './designs.ts'
import { weightedIndex } from './distributions.ts'
import { type Inputs, requestRates } from './inputs.ts'
import { regionOf } from './latchkey.ts'
import {
  mix,
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

export type AtRate = { perSecond: number; verifying: Verifying; revoking: Revoking }
export type DesignResult = { design: Design; mixed: Verifying; atRates: AtRate[] }

/** Latchkey in colos that are more or less busy; null: a key cannot have more requests than its colo. */
export type TrafficResult = {
  coloPerSecond: number
  mixed: Verifying
  atRates: (Verifying | null)[]
}

/** Keys of a colo in random order, all at the same rate. */
export type ManyKeysResult = { design: Design; coloPerSecond: number; verifying: Verifying }

export type CityResult = {
  city: City
  region: Region
  /** Memory has the record, and the view is over: one call to the fence. */
  fence: { p50: number; p99: number }
  /** A cold isolate’s first use: the fence and KV. */
  first: { p50: number; p99: number }
  /** A colo’s first use in a busy isolate: KV alone, which reads from a more distant store. */
  firstOfColo: { p50: number; p99: number }
  d1: { p50: number; p99: number }
  /** The region whose fence would be nearest by the model, and the round trips to both (ms). */
  nearer: { region: Region; ms: number; insteadOfMs: number } | null
}

export type Results = {
  designs: DesignResult[]
  traffic: TrafficResult[]
  manyKeys: ManyKeysResult[]
  cities: CityResult[]
  stages: { design: Design; stages: Stages }[]
  leases: { leaseMs: number; mixed: Verifying; revoking: Revoking }[]
}

const designOf = (id: string): Design => {
  const found = designs.find((design) => design.id === id)
  if (found === undefined) throw new Error(`The model has no design "${id}".`)
  return found
}
const latchkey = designOf('latchkey')

export const keysOfAColo = 10_000

export function run(inputs: Inputs, size: Size): Results {
  return {
    designs: designs.map((design) => runDesign(design, inputs, size)),
    traffic: [1_000, 10, 1].map((coloPerSecond) => runTraffic(inputs, size, coloPerSecond)),
    manyKeys: [1_000, 100, 10].flatMap((coloPerSecond) =>
      ['before', 'latchkey'].map((id) => runManyKeys(designOf(id), inputs, size, coloPerSecond)),
    ),
    cities: cities.map((city) => runCity(inputs, size, city)),
    stages: ['before', 'latchkey'].map((id) => stagesOf(designOf(id), inputs, size)),
    leases: [0, 500, 1_000, 2_000, 5_000, 10_000, 60_000].map((leaseMs) => {
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
    ...rate,
    verifying: verifying(design, inputs, size, [rate]),
    // Above 10 requests per second the staleness no longer changes.
    revoking: revoking(design, inputs, size, Math.min(rate.perSecond, 10)),
  }))
  return { design, mixed: mix(atRates), atRates }
}

function runTraffic(inputs: Inputs, size: Size, coloPerSecond: number): TrafficResult {
  const atRates = requestRates.map((rate) =>
    rate.perSecond > coloPerSecond
      ? null
      : verifying(latchkey, { ...inputs, coloPerSecond }, size, [rate]),
  )
  const parts = atRates.flatMap((result, at) =>
    result === null ? [] : [{ share: requestRates[at]?.share ?? 0, verifying: result }],
  )
  return { coloPerSecond, mixed: mix(parts), atRates }
}

function runManyKeys(
  design: Design,
  inputs: Inputs,
  size: Size,
  coloPerSecond: number,
): ManyKeysResult {
  const rate = { perSecond: coloPerSecond / keysOfAColo, share: 1 }
  // Isolates that live on: their first uses of a key are counted elsewhere.
  const changed = { ...inputs, coloPerSecond, isolateLifeMs: Number.MAX_SAFE_INTEGER }
  return { design, coloPerSecond, verifying: verifying(design, changed, size, [rate]) }
}

function runCity(inputs: Inputs, size: Size, city: City): CityResult {
  const many = { ...size, requests: size.requests * 2 }
  const of = (design: Design, changes: Partial<Inputs>) => {
    const { latency } = verifyingIn(design, { ...inputs, ...changes }, many, city, 0.01)
    return { p50: quantile(latency, 0.5), p99: quantile(latency, 0.99) }
  }
  const alone = { coloPerSecond: 0 }
  return {
    city,
    region: regionOf(city),
    fence: of(latchkey, { ...alone, isolates: 1, isolateLifeMs: Number.MAX_SAFE_INTEGER }),
    first: of(latchkey, { ...alone, isolateLifeMs: 1 }),
    // An isolate that is old enough to have a view, but not the record.
    firstOfColo: of(latchkey, { isolateLifeMs: 10_000, kvCacheMs: 1 }),
    d1: of(designOf('d1'), {}),
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

function stagesOf(
  design: Design,
  inputs: Inputs,
  { seed, revocations }: Size,
): Results['stages'][number] {
  const weights = cities.map((city) => weightOf(inputs, city))
  const names = ['commit', 'purge', 'raise', 'wait', 'close'] as const
  const samples = names.map(() => emptySample())
  for (let turn = 0; turn < revocations * 5; turn++) {
    const random = createRandom(seed + 15485863 * turn)
    const here = cities[weightedIndex(random, weights)] as City
    const { stages } = design.revoke({ random, inputs, here })
    for (const [at, name] of names.entries()) {
      const sample = samples[at]
      if (stages !== undefined && sample !== undefined) add(sample, stages[name])
    }
  }
  const medians = names.map((name, at) => [name, quantile(samples[at] ?? emptySample(), 0.5)])
  return { design, stages: Object.fromEntries(medians) as Stages }
}
