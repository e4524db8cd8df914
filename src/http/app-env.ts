// What every Hono app of the Worker shares: the services of a request, and what it carries.
import type { Actor } from '../core/actor.ts'
import type { AccountStanding } from '../core/standing.ts'
import type { Awaiting } from '../identity/factors/complete.ts'
import type { Session } from '../identity/session.ts'
import type { Customer } from '../keys/portal.ts'
import type { Services } from './services.ts'

export type AppEnv = {
  Bindings: Services
  Variables: {
    /** The response of the API behind the gateway: its headers are its own. */
    isOfUpstream?: true
    /** What is wrong with the body, which is said once the caller is known. */
    bodyProblem: Error | undefined
    /** The caller of management: set by its guard. */
    actor: Actor
    /** Of the account in which the actor acts: set with the actor. */
    standing: AccountStanding
    /** Set where a route takes a portal session. */
    customer: Customer
    /** Set where a route takes a session only. */
    session: Session
    /** Set where a route takes a session that awaits its second factor. */
    awaiting: Awaiting
    /** The account whose keys a service may introspect: set by its guard. */
    accountScope: { accountId: string }
    /** The key of a service that verifies: set by the guard of batches. */
    verifier: { accountId: string; scopes: readonly string[] }
  }
}
