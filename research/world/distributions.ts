// The distributions that the model draws from.
import type { Random } from '../../test/simulation/random.ts'

export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random.next()) * mean
}

/** The normal quantile of 0.99. */
const z99 = 2.3263478740408408

/** A lognormal distribution with this median and this 99th percentile. */
export function lognormal(random: Random, p50: number, p99: number): number {
  if (p50 <= 0) return 0
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()))
  const z = radius * Math.cos(2 * Math.PI * random.next())
  return p50 * Math.exp((z * Math.log(Math.max(p99, p50) / p50)) / z99)
}

/** An index, drawn by weight. */
export function weightedIndex(random: Random, weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let left = random.next() * total
  for (const [at, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return at
  }
  return weights.length - 1
}
