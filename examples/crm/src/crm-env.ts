// The types of what every handler gets.
import type { drizzle } from 'drizzle-orm/d1'

export type Database = ReturnType<typeof drizzle<Record<string, never>>>

export type CrmEnv = {
  Bindings: { CRM_DB: D1Database }
  Variables: {
    requestId: string
    /** Every query is restricted to it. */
    accountId: string
    db: Database
  }
}
