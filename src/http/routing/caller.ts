// The caller of a change, and whether it prefers to wait.
import type { Context } from 'hono'
import type { Caller } from '../../core/audit.ts'
import type { KeySettings } from '../../keys/mint.ts'
import type { AppEnv } from '../app-env.ts'
import { wantsAsync } from './change-answer.ts'

export function callerOf(c: Context<AppEnv>): Caller {
  return { actor: c.var.actor, requestId: c.env.report.id }
}

export function keySettingsOf(c: Context<AppEnv>): Promise<KeySettings> {
  return c.env.keySettings({ respondAsync: wantsAsync(c.req.raw) })
}
