// Reads what the platform decided about an account (core/standing.ts).
import { eq, sql } from 'drizzle-orm'
import { defaultQuotas } from '../core/quotas.ts'
import type { AccountStanding } from '../core/standing.ts'
import { openPrimary } from './database.ts'
import { accountControl, organization, platform } from './people-schema.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000

/**
 * Of a statement that joins `organization` and `accountControl`. Expressions, not columns: drizzle takes a group whose
 * first column is null for a row that the join did not find.
 */
export const standingColumns = {
  isPlatform: sql<number>`${organization.id} = (select ${platform.accountId} from ${platform})`,
  suspendedAt: sql<number | null>`${accountControl.suspendedAt}`,
  maxChangesPerMinute: sql<number | null>`${accountControl.maxChangesPerMinute}`,
}

type StandingRow = {
  isPlatform: number | null
  suspendedAt: number | null
  maxChangesPerMinute: number | null
}

export function standingOfRow(row: StandingRow): AccountStanding {
  const { isPlatform, suspendedAt, maxChangesPerMinute } = row
  return {
    isPlatform: isPlatform === 1,
    isSuspended: suspendedAt !== null,
    changesPerMinute:
      isPlatform === 1 ? null : (maxChangesPerMinute ?? defaultQuotas.changesPerMinute),
  }
}

/** null: there is no such account. @throws StoreUnavailable */
export async function standingOf(
  d1: D1Database,
  accountId: string,
): Promise<AccountStanding | null> {
  const query = openPrimary(d1)
    .select(standingColumns)
    .from(organization)
    .leftJoin(accountControl, eq(accountControl.accountId, organization.id))
    .where(eq(organization.id, accountId))
    .get()
  const row = await within('D1', readTimeoutMs, query)
  return row === undefined ? null : standingOfRow(row)
}
