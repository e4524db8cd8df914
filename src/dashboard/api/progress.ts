/** How far a change has come: in force everywhere, unless a field is set. */
export type Progress = { pending_regions?: string[] | undefined; effective_at?: string | undefined }

/** Only a response of status 202 has these fields. */
export function progressOf(data: object): Progress {
  const { pending_regions, effective_at } = data as Progress
  return { pending_regions, effective_at }
}

/** Of several changes: in force when the last of them is. */
export function mergeProgress(all: readonly Progress[]): Progress {
  const regions = [...new Set(all.flatMap(({ pending_regions = [] }) => pending_regions))]
  const times = all.flatMap(({ effective_at = [] }) => effective_at).sort()
  return {
    pending_regions: regions.length > 0 ? regions : undefined,
    effective_at: times.at(-1),
  }
}
