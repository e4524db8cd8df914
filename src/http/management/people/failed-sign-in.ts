// A failed sign-in stands in the audit trail of the accounts of the person whose address it was.
import type { Context } from 'hono'
import { log } from '../../../log.ts'
import { type FailedSignIn, recordFailedSignIn } from '../../../storage/failed-sign-ins.ts'
import type { AppEnv } from '../../app-env.ts'
import { actingOf } from '../../auth/acting.ts'

/** Behind the answer, since only a known address writes a row. */
export function afterFailedSignIn(
  c: Context<AppEnv>,
  { email, method }: Pick<FailedSignIn, 'email' | 'method'>,
): void {
  const acting = actingOf(c, c.env.clock.now())
  const recorded = recordFailedSignIn(c.env.db, { ...acting, email, method })
  c.env.waitUntil(recorded.catch((cause) => log('error', 'audit_failed', { cause })))
}
