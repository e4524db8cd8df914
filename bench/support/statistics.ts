// Statistics of repeated measurements.

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('The median needs at least one value.')
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** The value below which a share (0 to 1) of all values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  const at = Math.min(sorted.length - 1, Math.floor(share * sorted.length))
  return sorted[at] as number
}

/** The mean of the smallest fifth, of one value at least: what others take of a machine only adds to a time. */
export function leastFifth(values: readonly number[]): number {
  if (values.length === 0) throw new Error('The least fifth needs at least one value.')
  const sorted = [...values].sort((left, right) => left - right)
  const least = sorted.slice(0, Math.ceil(sorted.length / 5))
  return least.reduce((sum, value) => sum + value, 0) / least.length
}
