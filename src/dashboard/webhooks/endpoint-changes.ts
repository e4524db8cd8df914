// What the form of an endpoint changes. Pure: no React, no I/O.
import type { Endpoint, EndpointChanges } from './api.ts'

type Input = Pick<Endpoint, 'url' | 'description' | 'events'>

/** Only what differs: another person may have changed the rest meanwhile. */
export function endpointChanges(before: Input, input: EndpointChanges): EndpointChanges {
  const names = ['url', 'description', 'events'] as const
  const text = (value: unknown) =>
    JSON.stringify(Array.isArray(value) ? value.toSorted() : (value ?? null))
  const changed = names.filter((name) => text(input[name]) !== text(before[name]))
  return Object.fromEntries(changed.map((name) => [name, input[name]]))
}
