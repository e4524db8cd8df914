// The environment of a key, such as `live` or `test`: its format names it.
import type { TokenFormats } from './foreign.ts'

/** Of a format that names none, and of one that the configuration no longer lists. */
export const defaultEnvironment = 'live'

/** Where a request names the environment that it needs: no environment may have this name. */
export const anyEnvironment = 'any'

export function environmentOf(formatName: string, { formats, foreign }: TokenFormats): string {
  const format = Object.hasOwn(formats, formatName) ? formats[formatName] : undefined
  if (format !== undefined) return format.environment ?? defaultEnvironment
  const other = Object.hasOwn(foreign, formatName) ? foreign[formatName] : undefined
  return other?.environment ?? defaultEnvironment
}

/** Which environments a request that names one admits; null: any. */
export function environmentsOfRequest(name: string): readonly string[] | null {
  return name === anyEnvironment ? null : [name]
}

/** All that a key can have, `live` first. */
export function environmentsOf({ formats, foreign }: TokenFormats): string[] {
  const named = [...Object.values(formats), ...Object.values(foreign)].map(
    ({ environment = defaultEnvironment }) => environment,
  )
  return [...new Set([defaultEnvironment, ...named])]
}
