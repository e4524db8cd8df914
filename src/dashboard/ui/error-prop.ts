/** The `error` prop of a Kumo field, which must be absent rather than undefined. Kumo leaves `aria-invalid` to its user. */
export function errorProp(error: string | undefined) {
  return error === undefined ? {} : { error, 'aria-invalid': true as const }
}
