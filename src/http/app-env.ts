// What every Hono app of the Worker shares: its bindings and what a request carries.
import type { Actor } from '../core/actor.ts'
import type { Report } from './response/report.ts'

export type AppEnv = {
  Bindings: Env
  Variables: {
    requestId: string
    /** What the API behind the gateway answered: its headers are its own. */
    isOfUpstream?: true
    /** The answer was made with all its headers. */
    isHardened?: true
    report: Report
    /** Who manages: set by the guard of the management routes. */
    actor: Actor
    /** Whose keys a service may ask about: set by the guard of verify and introspect. */
    audience: { accountId: string }
  }
}
