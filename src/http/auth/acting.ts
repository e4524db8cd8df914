// Who sends a request and from where, as events and messages about a person tell it.
import type { Context } from 'hono'
import { personClient } from '../../core/person-event.ts'
import type { Acting } from '../../storage/factor-notice.ts'
import type { AppEnv } from '../app-env.ts'

/** The time of people is the real one, as where their session or JWT expires. */
export function actingOf(c: Context<AppEnv>, nowMs = Date.now()): Acting {
  const { headers, cf } = c.req.raw
  return { client: personClient(headers), place: placeOf(cf), requestId: c.env.report.id, nowMs }
}

/** `Graz, AT`, if the platform provides it. */
function placeOf(cf: unknown): string | null {
  const { city, country } = (cf ?? {}) as { city?: string; country?: string }
  return [city, country].filter((part) => typeof part === 'string').join(', ') || null
}
