/** In percent. A quota can be lower than what there was before it. */
export function shareOf(count: number, quota: number): number {
  return quota === 0 ? 100 : Math.min(100, (count / quota) * 100)
}
