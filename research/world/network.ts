// How far places are from one another, in milliseconds.

import type { Inputs } from './inputs.ts'
import type { Place } from './places.ts'
import { type Random, spread } from './random.ts'

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
  if (first === undefined) throw new Error('No place to go to.')
  return places.reduce(
    (best, place) => (distanceKm(from, place) < distanceKm(from, best) ? place : best),
    first,
  )
}

/** One round trip, with the jitter of the day. */
export function travelMs(random: Random, inputs: Inputs, medianMs: number): number {
  return spread(random, medianMs, medianMs * inputs.jitter)
}
