// A seeded random generator: the same seed gives the same numbers on every machine.

export type Random = {
  /** From 0 to below 1. */
  next(): number
  /** An integer from 0 to below `below`. */
  int(below: number): number
  is(probability: number): boolean
  one<T>(list: readonly T[]): T
  /** One of the names, by weight. */
  weighted<Name extends string>(weights: Record<Name, number>): Name
}

/** sfc32, warmed up because consecutive seeds would start alike. */
export function createRandom(seed: number): Random {
  let a = seed >>> 0
  let b = Math.floor(seed / 2 ** 32) ^ 0x9e3779b9
  let c = 0x243f6a88
  let counter = 1
  const next32 = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let round = 0; round < 15; round++) next32()
  const next = () => next32() / 2 ** 32
  const int = (below: number) => Math.floor(next() * below)
  return {
    next,
    int,
    is: (probability) => next() < probability,
    one: <T>(list: readonly T[]) => list[int(list.length)] as T,
    weighted<Name extends string>(weights: Record<Name, number>): Name {
      const names = Object.keys(weights) as Name[]
      let left = next() * names.reduce((sum, name) => sum + weights[name], 0)
      for (const name of names) {
        left -= weights[name]
        if (left < 0) return name
      }
      return names.at(-1) as Name
    },
  }
}
