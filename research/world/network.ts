// Distances and round trips between places.

import type { Random } from '../../test/simulation/random.ts'
import { lognormal } from './distributions.ts'
import type { Inputs } from './inputs.ts'
import type { Place } from './places.ts'

const earthRadiusKm = 6371
const fibreKmPerMs = 200

export function distanceKm(from: Place, to: Place): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const half = (degrees: number) => Math.sin(radians(degrees) / 2) ** 2
  const cosines = Math.cos(radians(from.north)) * Math.cos(radians(to.north))
  const haversine = half(to.north - from.north) + cosines * half(to.east - from.east)
  return 2 * earthRadiusKm * Math.asin(Math.sqrt(Math.min(1, haversine)))
}

/** The median round trip between two places (ms). */
export function roundTripMs(inputs: Inputs, from: Place, to: Place): number {
  return inputs.hopMs + (2 * distanceKm(from, to) * inputs.stretch) / fibreKmPerMs
}

export function nearest<P extends Place>(from: Place, places: readonly P[]): P {
  const [first] = places
  if (first === undefined) throw new Error('There is no place.')
  return places.reduce(
    (best, place) => (distanceKm(from, place) < distanceKm(from, best) ? place : best),
    first,
  )
}

/** One round trip, with jitter. */
export function drawTripMs(random: Random, inputs: Inputs, medianMs: number): number {
  return lognormal(random, medianMs, medianMs * inputs.jitter)
}
