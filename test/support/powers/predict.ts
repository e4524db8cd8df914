// What a call answers and what it changes, by the model.
import { applied, blankRow, isSame, madeByOf } from './bodies.ts'
import type { Fields } from './commands.ts'
import {
  accountOf,
  couldCreate,
  hasRoom,
  holdsReserved,
  type ModelActor,
  mayTouch,
  reads,
  rootOf,
  tightens,
} from './model.ts'
import type { Row } from './rows.ts'

type Refused = 400 | 401 | 403 | 404 | 409

export type Prediction =
  /** `or`: two refusals apply, and the contract does not say which is first. */
  | { status: Refused; or?: Refused }
  /** `changed` by id; a row that is not stored yet has the id `new`. `seen`: of a list. `isHidden`: the answer shows no key. */
  | { status: 'ok'; changed: Map<string, Row>; seen?: Row[]; missing?: string[]; isHidden?: true }

const refused = (status: Refused): Prediction => ({ status })
const done = (...changed: Row[]): Prediction => ({
  status: 'ok',
  changed: new Map(changed.map((row) => [row.id, row])),
})

export type World = { actor: ModelActor; rows: readonly Row[]; nowMs: number }

/** Why the actor makes no call at all. */
function refusedActor(actor: ModelActor, nowMs: number, isChange: boolean): Prediction | null {
  if (actor.kind === 'person') {
    return isChange && actor.role === 'member' ? refused(403) : null
  }
  const { row } = actor
  if (row.revokedAt !== null || row.disabled) return refused(401)
  if (row.expiresAt !== null && row.expiresAt <= nowMs) return refused(401)
  // The calls come from no address.
  if (row.allowedIps !== null) return refused(403)
  return row.scopes?.includes('keys:manage') ? null : refused(403)
}

export function predictRead({ actor, nowMs }: World, target: Row): Prediction {
  return refusedActor(actor, nowMs, false) ?? (reads(actor, target, nowMs) ? done() : refused(404))
}

export function predictList({ actor, rows, nowMs }: World): Prediction {
  const seen = rows.filter((row) => reads(actor, row, nowMs))
  return refusedActor(actor, nowMs, false) ?? { status: 'ok', changed: new Map(), seen }
}

export function predictCreate(world: World, fields: Fields, format: string): Prediction {
  const { actor, rows, nowMs } = world
  const refusal = refusedActor(actor, nowMs, true)
  if (refusal !== null) return refusal
  const row = applied(blankRow(actor, format, nowMs), fields, nowMs)
  if (areLimitsInvalid(null, row, fields)) return refused(400)
  if (row.mayGrant !== null && !row.scopes?.includes('keys:manage')) return refused(400)
  if (!couldCreate(actor, row, nowMs)) return refused(403)
  return hasRoom(actor, rows) ? done(row) : refused(403)
}

/** By an owner in person only; the result of the one entry. */
export function predictImport(world: World, fields: Fields, format: string): Prediction {
  const { actor, nowMs } = world
  if (actor.kind === 'key') return refusedActor(actor, nowMs, true) ?? refused(403)
  if (actor.role !== 'owner') return refused(403)
  return fields.may_grant === undefined ? predictCreate(world, fields, format) : refused(400)
}

export function predictPatch(world: World, target: Row, fields: Fields): Prediction {
  const { actor, nowMs } = world
  const refusal = refusedActor(actor, nowMs, true)
  if (refusal !== null) return refusal
  const names = Object.keys(fields)
  const isDisabling = names.length === 1 && fields.is_active === false
  const isOwn = target.accountId === accountOf(actor)
  if (!isOwn || !(reads(actor, target, nowMs) || isDisabling)) return refused(404)
  if (target.revokedAt !== null) return refused(409)
  const after = applied(target, fields, nowMs)
  if (isSame(target, after)) return done()
  if (after.needsReview !== target.needsReview && actor.kind === 'key') return refused(403)
  if (areLimitsInvalid(target, after, fields)) return refused(400)
  const isGranting = after.mayGrant !== null && !isSame(target.mayGrant, after.mayGrant)
  if (isGranting && !after.scopes?.includes('keys:manage')) return refused(400)
  if (!mayTouch(actor, target)) return refused(403)
  if (tightens(target, after)) return done(after)
  if (target.replacedBy !== null) return refused(409)
  if (!couldCreate(actor, after, nowMs)) return refused(403)
  return done(actor.kind === 'person' ? { ...after, grantedBy: actor.id } : after)
}

export function predictRotate(
  world: World,
  target: Row,
  { overlap, expiresAt }: { overlap: number; expiresAt?: number | null | undefined },
  formats: { native: readonly string[]; default: string },
): Prediction {
  const { actor, rows, nowMs } = world
  const refusal = refusedActor(actor, nowMs, true)
  if (refusal !== null) return refusal
  if (!reads(actor, target, nowMs)) return refused(404)
  const isItself = actor.kind === 'key' && actor.row.id === target.id
  const wanted = expiresAt === undefined ? target : { ...target, expiresAt }
  const isLater = (wanted.expiresAt ?? Infinity) > (target.expiresAt ?? Infinity)
  if ((!isItself || isLater) && !couldCreate(actor, wanted, nowMs)) return { status: 403, or: 409 }
  const isExpired = target.expiresAt !== null && target.expiresAt <= nowMs
  if (target.revokedAt !== null || target.replacedBy !== null) return refused(409)
  if (target.disabled || isExpired) return refused(409)
  const made = madeByOf(actor)
  const adds = made.madeBy !== target.madeBy && !isItself
  if (adds && !hasRoom(actor, rows)) return refused(403)
  const endsAt = nowMs + overlap * 1_000
  const old = {
    ...target,
    replacedBy: 'new',
    expiresAt: Math.min(target.expiresAt ?? endsAt, endsAt),
  }
  const format = formats.native.includes(target.format) ? target.format : formats.default
  const successor = {
    ...wanted,
    ...made,
    id: 'new',
    format,
    meterId: rootOf(target),
    createdAt: nowMs,
  }
  if (isItself) successor.grantedBy = target.grantedBy
  return done(old, successor)
}

export function predictDelete({ actor, nowMs }: World, target: Row): Prediction {
  const refusal = refusedActor(actor, nowMs, true)
  if (refusal !== null) return refusal
  if (target.accountId !== accountOf(actor)) return refused(404)
  if (!mayTouch(actor, target)) return refused(403)
  return target.revokedAt === null ? done(revoked(target, actor, nowMs)) : done()
}

/** @param isNamed the keys that the selection names. @param named as the call names them. */
export function predictRevoke(
  { actor, rows, nowMs }: World,
  isNamed: (row: Row) => boolean,
  named: string,
): Prediction {
  const refusal = refusedActor(actor, nowMs, true)
  if (refusal !== null) return refusal
  // Also itself: a managing key names no key with reserved scopes in bulk.
  const meets = rows.filter(
    (row) =>
      isNamed(row) && reads(actor, row, nowMs) && (actor.kind === 'person' || !holdsReserved(row)),
  )
  const changed = meets.filter(({ revokedAt }) => revokedAt === null)
  const after = changed.map((row) => [row.id, revoked(row, actor, nowMs)] as const)
  return { status: 'ok', changed: new Map(after), missing: meets.length === 0 ? [named] : [] }
}

export function predictCredits({ actor, nowMs }: World, target: Row): Prediction {
  const refusal = refusedActor(actor, nowMs, true)
  if (refusal !== null) return refusal
  if (!reads(actor, target, nowMs)) return refused(404)
  if (!couldCreate(actor, target, nowMs)) return refused(403)
  const hasBalance = target.credits !== null && target.revokedAt === null
  return hasBalance && target.replacedBy === null ? done() : refused(409)
}

function revoked(row: Row, actor: ModelActor, nowMs: number): Row {
  const revokedBy = actor.kind === 'person' ? actor.id : actor.row.id
  return { ...row, revokedAt: nowMs, revokedBy }
}

/** Limits that no key may have, by anybody. */
function areLimitsInvalid(before: Row | null, after: Row, { credits }: Fields): boolean {
  if (after.limitsBy === 'external_id' && after.externalId === null) return true
  if (after.credits === null || credits?.remaining !== undefined) return false
  // A balance of its own begins with a number, also when it comes from another meter.
  if (before === null || before.credits === null) return after.limitsBy === 'key'
  return meterOf(before) !== meterOf(after)
}

const meterOf = (row: Row) =>
  row.limitsBy === 'key' ? `key ${rootOf(row)}` : `external id ${row.externalId}`
