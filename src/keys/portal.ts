// Portal sessions: a key that holds `keys:portal` opens one for a customer, who then acts with the powers of that key within
// the bounds of the session.
import type { Actor, Bounds, MayGrant } from '../core/actor.ts'
import { auditEntry, type Caller } from '../core/audit.ts'
import { grantRefusal, type KeyPowers } from '../core/grant.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { Window } from '../core/limits.ts'
import { isPortalToken, portalFormats } from '../core/portal-token.ts'
import { uncoveredScopes } from '../core/scope-grants.ts'
import { heldRefusal, parseNeed } from '../core/scope-matcher.ts'
import { type Catalogue, powersOfKey } from '../core/scopes.ts'
import { digestOf, mintToken } from '../core/token.ts'
import {
  exchangeCode,
  findOpenSession,
  insertPortalSession,
  type OpenSession,
  type PortalSession,
} from '../storage/portal-sessions.ts'
import type { KeySettings } from './mint.ts'
import type { GrantRefusal } from './refusal.ts'

export const codeLifetimeMs = 5 * 60_000
const sessionLifetimeMs = 15 * 60_000
export const maxSessionMs = 60 * 60_000
/** A session in use is written once in so long. */
const renewalMs = 60_000

/** The bounds of a session, as the key that opens it names them. */
export type SessionInput = {
  externalId: string
  scopes: string[]
  environments: string[]
  rateLimit: Window[] | null
  maxLifetime: number | null
  maxKeys: number
  origin: string | null
}

type Limits = Pick<SessionInput, 'externalId' | 'scopes' | 'rateLimit' | 'maxLifetime'>
type Settings = Pick<KeySettings, 'config' | 'clock'>
type KeyActor = Extract<Actor, { kind: 'key' }>

/** The most that a key of the session can be: what its opener may not grant, nobody makes through it. */
function loosestKey(limits: Limits, environment: string, nowMs: number): KeyPowers {
  const { scopes, rateLimit, maxLifetime, externalId } = limits
  return {
    ...{ scopes, environment, rateLimit, externalId, limitsBy: 'external_id' },
    expiresAt: maxLifetime === null ? null : nowMs + maxLifetime * 1000,
    ...{ inheritsFrom: null, allowedIps: null, credits: null, metadata: null, mayGrant: null },
    disabled: false,
  }
}

/** Why the key may not open this session; null when it may. */
export function refuseSession(
  { actor }: Caller,
  input: SessionInput,
  { config, clock }: Settings,
): GrantRefusal | null {
  for (const environment of input.environments) {
    const key = loosestKey(input, environment, clock.now())
    const detail = grantRefusal(actor, key, config, clock.now())
    if (detail !== null) return { reason: 'grant', detail, actor: actor.kind }
  }
  return null
}

/** The code is shown once; its digest is stored. @throws StoreUnavailable */
export async function openSession(
  db: D1Database,
  settings: KeySettings,
  caller: Caller,
  input: SessionInput,
  request: IdempotentRequest | null,
): Promise<{ code: string; expiresAt: number }> {
  const nowMs = settings.clock.now()
  const { code, digest } = await mint('code', settings)
  const { accountId, id: keyId } = caller.actor
  const expiresAt = nowMs + codeLifetimeMs
  const id = settings.newId()
  const row = {
    ...input,
    id,
    digest,
    accountId,
    keyId,
    createdAt: nowMs,
    openedAt: null,
    expiresAt,
  }
  const { externalId: external_id, scopes, environments } = input
  const detail = { session_id: id, external_id, scopes, environments }
  await insertPortalSession(db, row, auditEntry(caller, 'portal_session.created', detail), request)
  return { code, expiresAt }
}

/** The token of the session, for a code that nobody has exchanged; null for any other. @throws StoreUnavailable */
export async function exchange(
  db: D1Database,
  settings: KeySettings,
  code: string,
): Promise<{ token: string; expiresAt: number } | null> {
  if (!(await isPortalToken('code', code, settings.tagKeys))) return null
  const nowMs = settings.clock.now()
  const { code: token, digest } = await mint('session', settings)
  const expiresAt = nowMs + sessionLifetimeMs
  const isExchanged = await exchangeCode(
    db,
    { digest: await digestOf(code) },
    { digest, expiresAt },
    nowMs,
  )
  return isExchanged ? { token, expiresAt } : null
}

async function mint(kind: keyof typeof portalFormats, { tagKeys, randomBytes }: KeySettings) {
  const code = await mintToken(portalFormats[kind], tagKeys, randomBytes)
  return { code, digest: await digestOf(code) }
}

/** A customer, and what they may do now. */
export type Customer = Pick<OpenSession, 'session' | 'accountName' | 'standing'> & {
  actor: KeyActor & { mayGrant: Bounds; portal: NonNullable<KeyActor['portal']> }
}

/**
 * The customer of a token, as their session, its opener and the account are now: one read of D1. null: the session has ended, or
 * its opener no longer grants what it is for. @throws StoreUnavailable
 */
export async function customerOf(
  db: D1Database,
  { config, clock, tagKeys }: Settings & Pick<KeySettings, 'tagKeys'>,
  token: string,
): Promise<Customer | null> {
  if (!(await isPortalToken('session', token, tagKeys))) return null
  const found = await findOpenSession(db, await digestOf(token), clock.now())
  if (found === null) return null
  const { session, opener, accountName, standing } = found
  const isOpener = powersOfKey({ scopes: opener.scopes, role: null }, config).scopes.includes(
    'keys:portal',
  )
  const { mayGrant, scopes, createdBy, rootId } = opener
  if (!isOpener || mayGrant === null) return null
  const bounds = boundsNow(session, mayGrant, config)
  const { id: sessionId, externalId, maxKeys, accountId, keyId: id } = session
  const portal = { sessionId, externalId, maxKeys }
  const actor = {
    kind: 'key',
    id,
    accountId,
    scopes,
    createdBy,
    rootId,
    mayGrant: bounds,
    portal,
  } as const
  // A rate limit or an external id that the opener may no longer grant has no smaller part that it may.
  const { scopes: left, maxLifetime } = bounds
  const limits = { ...session, scopes: left, maxLifetime }
  const widest = loosestKey(limits, bounds.environments[0] ?? '', clock.now())
  if (grantRefusal({ ...actor, mayGrant }, widest, config, clock.now()) !== null) return null
  return { session, accountName, standing, actor }
}

type SessionBounds = Bounds & { scopes: string[]; environments: string[] }

/** What both the session and its opener allow, of scopes that there are. */
function boundsNow(session: PortalSession, mayGrant: MayGrant, config: Catalogue): SessionBounds {
  const { scopes, environments, externalId, rateLimit } = session
  const beyond =
    mayGrant.scopes === null ? [] : uncoveredScopes(scopes, mayGrant.scopes, config.scopes)
  return {
    scopes: scopes.filter(
      (each) => !beyond.includes(each) && heldRefusal(each, config.scopes) === null,
    ),
    environments: environments.filter((each) => mayGrant.environments?.includes(each) ?? true),
    externalIds: [externalId],
    maxLifetime: shorter(session.maxLifetime, mayGrant.maxLifetime),
    rateLimit,
    maxKeys: mayGrant.maxKeys,
    ...(rateLimit !== null && { limitsBy: 'external_id' }),
  }
}

function shorter(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}

/** A scope that is no wildcard: what a customer may grant must not grow with the catalogue. */
export function isConcrete(scope: string): boolean {
  return parseNeed(scope) !== null
}

/** Later than the session ends now, if it has been used for long enough: null where it need not be written. */
export function renewalOf({ openedAt, expiresAt }: PortalSession, nowMs: number): number | null {
  const end = endOf({ openedAt })
  const renewed = Math.min(nowMs + sessionLifetimeMs, end)
  const gainedMs = renewed - expiresAt
  return gainedMs >= renewalMs || (gainedMs > 0 && renewed === end) ? renewed : null
}

/** When a session ends, however it is used. */
export function endOf({ openedAt }: Pick<PortalSession, 'openedAt'>): number {
  return (openedAt ?? 0) + maxSessionMs
}
