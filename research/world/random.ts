// Random that a seed repeats, and the distributions that the model draws from.

export type Random = () => number

/** Numbers in [0, 1): mulberry32, the same for the same seed on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean
}

/** The normal quantile of 0.99. */
const z99 = 2.3263478740408408

/** A lognormal with this median and this 99th percentile. */
export function spread(random: Random, p50: number, p99: number): number {
  if (p50 <= 0) return 0
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  const z = radius * Math.cos(2 * Math.PI * random())
  return p50 * Math.exp((z * Math.log(Math.max(p99, p50) / p50)) / z99)
}

export function pick<T>(random: Random, list: readonly T[]): T {
  const picked = list[Math.floor(random() * list.length)]
  if (picked === undefined) throw new Error('Nothing to pick from.')
  return picked
}

/** An index, drawn by weight. */
export function pickWeighted(random: Random, weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let left = random() * total
  for (const [at, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return at
  }
  return weights.length - 1
}
