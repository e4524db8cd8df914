// Weighted samples and their quantiles.

export type Sample = { values: number[]; weights: number[] }

export const emptySample = (): Sample => ({ values: [], weights: [] })

export function add(sample: Sample, value: number, weight = 1): void {
  sample.values.push(value)
  sample.weights.push(weight)
}

/** The least value below or at which this share of the weight lies; NaN of nothing. */
export function quantile({ values, weights }: Sample, share: number): number {
  const order = values.map((_, at) => at)
  order.sort((one, other) => (values[one] ?? 0) - (values[other] ?? 0))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let seen = 0
  for (const at of order) {
    seen += weights[at] ?? 0
    if (seen >= share * total * (1 - 1e-12)) return values[at] ?? Number.NaN
  }
  return Number.NaN
}

export function mean({ values, weights }: Sample): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return values.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), 0) / total
}

/** The share of the weight that lies above a value. */
export function shareAbove({ values, weights }: Sample, value: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const above = weights.reduce(
    (sum, weight, at) => sum + ((values[at] ?? 0) > value ? weight : 0),
    0,
  )
  return above / total
}
