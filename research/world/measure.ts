// Runs the designs: many requests from every city at every request rate, and many revocations.

import { createRandom, type Random } from '../../test/simulation/random.ts'
import { priceOf } from './cost.ts'
import type { Answer, Design } from './design.ts'
import { exponential, weightedIndex } from './distributions.ts'
import { type Inputs, requestRates } from './inputs.ts'
import { type City, cities } from './places.ts'
import { add, emptySample, type Sample } from './sample.ts'
import { noRevocation } from './stores.ts'

/** Callers are people and servers in cloud regions. */
export function weightOf(inputs: Inputs, city: City): number {
  const people = cities.reduce((sum, each) => sum + each.people, 0)
  const servers = cities.reduce((sum, each) => sum + each.servers, 0)
  return ((1 - inputs.servers) * city.people) / people + (inputs.servers * city.servers) / servers
}

export type Size = { seed: number; requests: number; revocations: number }

export type Verifying = {
  latency: Sample
  /** Dollars per million verifications. */
  dollars: number
  /** Questions to the fence per million verifications. */
  questions: number
  /** Share of verifications by the tier that answered. */
  tiers: Record<Answer['tier'], number>
}

/** Verifications of a key in one city at one request rate, in a steady state. */
export function verifyingIn(
  design: Design,
  inputs: Inputs,
  { seed, requests }: Size,
  city: City,
  perSecond: number,
): Verifying {
  const worlds = 4
  const verifying = emptyVerifying()
  for (let world = 0; world < worlds; world++) {
    const random = createRandom(seed + 7919 * world + Math.round(1e3 * (city.north + city.east)))
    const rate = perSecond * inputs.rateFactor
    const setting = { random, inputs, here: city, revocation: noRevocation, perSecond: rate }
    const reader = design.read(setting)
    const meanMs = 1000 / rate
    // Until every isolate has met the key, and leases have run out.
    const warmUp = Math.max(12 * Math.round(inputs.isolates), 5_000 / meanMs)
    let at = 0
    for (let turn = -Math.ceil(warmUp); turn < requests / worlds; turn++) {
      at += exponential(random, meanMs)
      const answer = reader.verify(at)
      if (turn >= 0) include(verifying, answer, design, inputs, 1)
    }
  }
  return finish(verifying)
}

/** Verifications in every city by weight, at one request rate or at the mix of all. */
export function verifying(
  design: Design,
  inputs: Inputs,
  size: Size,
  at: readonly { perSecond: number; share: number }[] = requestRates,
): Verifying {
  const parts = at.map(({ perSecond, share }) => {
    const all = emptyVerifying()
    for (const city of cities) {
      merge(all, verifyingIn(design, inputs, size, city, perSecond), weightOf(inputs, city))
    }
    return { share, verifying: finish(all) }
  })
  return mix(parts)
}

/** Verifications at several request rates, each with its share of all. */
export function mix(parts: readonly { share: number; verifying: Verifying }[]): Verifying {
  const all = emptyVerifying()
  for (const { share, verifying } of parts) merge(all, verifying, share)
  return finish(all)
}

export type Revoking = {
  /** From the request to its 200 (ms). */
  answer: Sample
  /** From the 200 to the last request that still passed (ms); 0 when none did. */
  window: Sample
}

/** Revocations from random cities of keys that are in use in a few colos at one request rate. */
export function revoking(
  design: Design,
  inputs: Inputs,
  { seed, revocations }: Size,
  perSecond: number,
): Revoking {
  const result: Revoking = { answer: emptySample(), window: emptySample() }
  const weights = cities.map((city) => weightOf(inputs, city))
  for (let turn = 0; turn < revocations; turn++) {
    const random = createRandom(seed + 104729 * turn)
    const cityOf = () => cities[weightedIndex(random, weights)] as City
    const revoked = design.revoke({ random, inputs, here: cityOf() })
    add(result.answer, revoked.answeredAt)
    let longest = 0
    for (let colo = 0; colo < Math.round(inputs.colos); colo++) {
      const rate = perSecond * inputs.rateFactor
      const setting = { random, inputs, here: cityOf(), revocation: revoked, perSecond: rate }
      const last = lastPass(design.read(setting).verify, random, rate, revoked.answeredAt)
      longest = Math.max(longest, last - revoked.answeredAt)
    }
    add(result.window, longest)
  }
  return result
}

const day = 86_400_000
/** Enough for every cache to be in its steady state when the revocation begins. */
const warmUpRequests = 60

/**
 * The time of the last request that passed although it began after the answer. The search ends after many
 * consecutive refusals, or two days.
 */
function lastPass(
  verify: (at: number) => Answer,
  random: Random,
  perSecond: number,
  answeredAt: number,
): number {
  const meanMs = 1000 / perSecond
  // Enough requests, and enough time for caches of 60 s.
  let at = -Math.max(warmUpRequests * meanMs, Math.min(130_000, 2_000 * meanMs))
  let last = answeredAt
  let refusals = 0
  while (at < answeredAt + 2 * day && refusals < maxRefusals(perSecond)) {
    at += exponential(random, meanMs)
    const { passes } = verify(at)
    if (at <= answeredAt) continue
    if (passes) last = at
    refusals = passes ? 0 : refusals + 1
  }
  return last
}

/** Consecutive refusals after which no isolate can still pass the key (200 s of them at high rates). */
function maxRefusals(perSecond: number): number {
  return Math.max(150, Math.min(2_500, perSecond * 200))
}

type Growing = Verifying & { weight: number }

function emptyVerifying(): Growing {
  const tiers = { memory: 0, fence: 0, cache: 0, database: 0, server: 0 }
  return { latency: emptySample(), dollars: 0, questions: 0, tiers, weight: 0 }
}

function include(
  all: Growing,
  answer: Answer,
  design: Design,
  inputs: Inputs,
  weight: number,
): void {
  add(all.latency, answer.tookMs, weight)
  all.tiers[answer.tier] += weight
  all.dollars += design.hasListPrice ? priceOf(inputs, answer) * weight : Number.NaN
  all.questions += answer.fence * 1e6 * weight
  all.weight += weight
}

function merge(all: Growing, part: Verifying, weight: number): void {
  const { values, weights } = part.latency
  const total = weights.reduce((sum, each) => sum + each, 0)
  for (const [at, value] of values.entries()) {
    add(all.latency, value, (weight * (weights[at] ?? 0)) / total)
  }
  for (const tier of Object.keys(all.tiers) as Answer['tier'][]) {
    all.tiers[tier] += part.tiers[tier] * weight
  }
  all.dollars += part.dollars * weight
  all.questions += part.questions * weight
  all.weight += weight
}

function finish(all: Growing): Verifying {
  const share = (sum: number) => sum / all.weight
  const { memory, fence, cache, database, server } = all.tiers
  const tiers = { memory, fence, cache, database, server }
  for (const tier of Object.keys(tiers) as Answer['tier'][]) tiers[tier] = share(tiers[tier])
  const { latency, dollars, questions } = all
  return { latency, dollars: share(dollars), questions: share(questions), tiers }
}
