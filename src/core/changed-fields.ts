// The fields that a partial update changes: only those are written and audited.

/** The requested fields that differ from the current ones; `undefined` leaves a field as it is. */
export function changedFields<Requested extends object>(
  current: object,
  requested: Requested,
): { [Field in keyof Requested]?: Exclude<Requested[Field], undefined> } {
  const present = current as Record<string, unknown>
  const changed = Object.entries(requested).filter(
    ([field, value]) =>
      value !== undefined && JSON.stringify(value) !== JSON.stringify(present[field]),
  )
  return Object.fromEntries(changed) as ReturnType<typeof changedFields<Requested>>
}

/** For the audit trail: the fields that change, with their values after and before. */
export function changeDetail(current: object, changed: object) {
  const present = current as Record<string, unknown>
  const before = Object.keys(changed).map((field) => [field, present[field] ?? null])
  return { changed, before: Object.fromEntries(before) as Record<string, unknown> }
}
