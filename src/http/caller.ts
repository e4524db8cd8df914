// Who asks for a change, and how they want to be answered.
import type { Context } from 'hono'
import type { Caller, KeySettings } from '../authority/keys.ts'
import { wantsAsync } from './answers/answers.ts'
import { requestIdOf } from './answers/request-id.ts'
import type { AppEnv } from './env.ts'
import { keySettings } from './lazy/change-wiring.ts'
import type { Isolate } from './wiring.ts'

export function callerOf(c: Context<AppEnv>): Caller {
  return { actor: c.var.actor, requestId: requestIdOf(c) }
}

export function keySettingsOf(isolate: Isolate, c: Context<AppEnv>): Promise<KeySettings> {
  const afterwards = (work: Promise<unknown>) => c.executionCtx.waitUntil(work)
  return keySettings(isolate, c.env, { respondAsync: wantsAsync(c.req.raw), afterwards })
}
