/** What a field of Kumo's takes when something is wrong with it; it wants the props left out when nothing is. */
export function errorOf(error: string | undefined) {
  return error === undefined ? {} : { error }
}
