/** How far a change has come: in force everywhere, unless a field is set. */
export type Progress = { pending_regions?: string[] | undefined; effective_at?: string | undefined }

/** Only a response of status 202 has these fields. */
export function progressOf(data: object): Progress {
  const { pending_regions, effective_at } = data as Progress
  return { pending_regions, effective_at }
}
