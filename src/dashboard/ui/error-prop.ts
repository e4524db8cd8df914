/** The `error` prop of a Kumo field, which must be absent rather than undefined. */
export function errorProp(error: string | undefined) {
  return error === undefined ? {} : { error }
}
