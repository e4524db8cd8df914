// Who asks for a change, and how they want to be answered.
import type { Context } from 'hono'
import type { Caller } from '../../core/audit.ts'
import type { KeySettings } from '../../keys/mint.ts'
import { keySettings } from '../../worker/changes.ts'
import type { Isolate } from '../../worker/context.ts'
import type { AppEnv } from '../app-env.ts'
import { requestIdOf } from '../response/request-id.ts'
import { wantsAsync } from './change-answer.ts'

export function callerOf(c: Context<AppEnv>): Caller {
  return { actor: c.var.actor, requestId: requestIdOf(c) }
}

export function keySettingsOf(isolate: Isolate, c: Context<AppEnv>): Promise<KeySettings> {
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work)
  return keySettings(isolate, c.env, { respondAsync: wantsAsync(c.req.raw), waitUntil })
}
