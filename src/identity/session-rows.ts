// A session that awaits its second factor is none: Better Auth finds no row of it, whatever the endpoint or the plugin.
import type { drizzleAdapter } from 'better-auth/adapters/drizzle'

type CreateAdapter = ReturnType<typeof drizzleAdapter>
type Adapter = ReturnType<CreateAdapter>

export type HiddenRows = {
  /** Of sign-out, which ends such a session too. */
  areVisible: boolean
  /** The request presented such a session. */
  wereHidden: boolean
}

/** An adapter that does not find sessions which await a factor. */
export function hideAwaiting(create: CreateAdapter, rows: HiddenRows): CreateAdapter {
  return (options) => {
    const adapter = create(options)
    const isShown = (model: string, row: unknown): boolean => {
      if (model !== 'session' || rows.areVisible) return true
      const isAwaiting = (row as { awaitsFactor?: unknown } | null)?.awaitsFactor === true
      if (isAwaiting) rows.wereHidden = true
      return !isAwaiting
    }
    const hiding: Adapter = {
      ...adapter,
      async findOne<Row>(query: Parameters<Adapter['findOne']>[0]) {
        const row = await adapter.findOne<Row>(query)
        return isShown(query.model, row) ? row : null
      },
      async findMany<Row>(query: Parameters<Adapter['findMany']>[0]) {
        const found = await adapter.findMany<Row>(query)
        return found.filter((row) => isShown(query.model, row))
      },
      transaction: (run) => run(hiding),
    }
    return hiding
  }
}
