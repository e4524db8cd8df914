// The keys of an account that an actor reads and changes, as a condition in SQL: all of them for people, and for a
// managing key with bounds those within (`beyondBounds` in src/core/grant.ts decides the same for one key).
import { and, eq, not, type SQL, sql } from 'drizzle-orm'
import { type Actor, isForeign, type MayGrant } from '../core/actor.ts'
import { defaultEnvironment, environmentOf } from '../core/environment.ts'
import type { TokenFormats } from '../core/foreign.ts'
import { listHeld, parseAll } from '../core/scope-matcher.ts'
import { reservedScopes } from '../core/scopes.ts'
import type { VerdictConfig } from '../core/verdict.ts'
import { apiKey } from './schema.ts'

export type Reach = {
  accountId: string
  /** null: a person, who reads and changes all keys of the account. */
  manager: {
    id: string
    bounds: MayGrant | null
    /** Of the platform, in the account of another. */
    isForeign: boolean
    config: VerdictConfig
    nowMs: number
  } | null
}

export function reachOf(actor: Actor, config: VerdictConfig, nowMs: number): Reach {
  const { accountId } = actor
  if (actor.kind === 'person') return { accountId, manager: null }
  const { id, mayGrant: bounds } = actor
  return { accountId, manager: { id, bounds, isForeign: isForeign(actor), config, nowMs } }
}

export function wholeAccount(accountId: string): Reach {
  return { accountId, manager: null }
}

/** The keys that the actor reads. */
export function readable({ manager }: Reach): SQL | undefined {
  if (manager === null || manager.bounds === null) return undefined
  return sql`(${apiKey.id} = ${manager.id} or (${within(manager.bounds, manager)}))`
}

/** The keys that the actor changes in bulk: never those with reserved scopes, which would include its overseers. */
export function changeable(reach: Reach): SQL | undefined {
  if (reach.manager === null) return undefined
  return and(readable(reach), not(holdsAny(Object.keys(reservedScopes))))
}

function within(
  { scopes, environments, externalIds, maxLifetime, rateLimit }: MayGrant,
  { config, nowMs }: { config: VerdictConfig; nowMs: number },
): SQL | undefined {
  return and(
    sql`${apiKey.id} is not null`,
    scopes === null
      ? undefined
      : and(sql`${apiKey.scopes} is not null`, not(holdsBeyond(scopes, config))),
    environments === null ? undefined : inEnvironments(environments, config),
    externalIds === null
      ? undefined
      : sql`coalesce(${apiKey.externalId} in ${listed(externalIds)}, 0)`,
    maxLifetime === null
      ? undefined
      : sql`coalesce(${apiKey.expiresAt} <= ${nowMs + maxLifetime * 1000}, 0)`,
    rateLimit === null
      ? undefined
      : sql`not exists (select 1 from json_each(${JSON.stringify(rateLimit)}) as bound where not exists
          (select 1 from json_each(coalesce(${apiKey.rateLimit}, '[]')) as own
            where own.value ->> 'name' = bound.value ->> 'name'
              and own.value ->> 'windowSeconds' = bound.value ->> 'windowSeconds'
              and own.value ->> 'limit' <= bound.value ->> 'limit'
              and coalesce(own.value ->> 'mode' = bound.value ->> 'mode', own.value ->> 'mode' is null)))`,
  )
}

/** Whether a key holds what none of these scopes covers: `uncoveredScopes` (src/core/scope-grants.ts) in SQL. */
function holdsBeyond(scopes: readonly string[], { scopes: catalogue }: VerdictConfig): SQL {
  const held = parseAll(scopes)
  const named = held.flatMap((each) => (each.kind === 'whole' ? [each.scope] : []))
  const prefixes = held.flatMap((each) => (each.kind === 'wildcard' ? [each.prefix] : []))
  // A scope that is held whole covers its resources, whose names end before the #.
  const whole = [...named, ...listHeld(scopes, catalogue).scopes]
  return sql`exists (select 1 from json_each(${apiKey.scopes}) as own
    where own.value not in ${listed([...scopes, ...whole])}
      and not (instr(own.value, '#') > 0
        and substr(own.value, 1, instr(own.value, '#') - 1) in ${listed(whole)})
      and not (own.value like '%:*' and exists
        (select 1 from ${listed(prefixes)} as outer_wildcard
          where substr(own.value, 1, length(outer_wildcard.value)) = outer_wildcard.value)))`
}

/** A key has the environment of its format; one of a format that is gone is `live`. */
export function inEnvironments(environments: readonly string[], config: TokenFormats): SQL {
  const formats = [...Object.keys(config.formats), ...Object.keys(config.foreign)]
  const inside = (name: string) => environments.includes(environmentOf(name, config))
  if (!environments.includes(defaultEnvironment)) {
    return sql`${apiKey.format} in ${listed(formats.filter(inside))}`
  }
  return sql`${apiKey.format} not in ${listed(formats.filter((name) => !inside(name)))}`
}

/** Whether a key was granted one of these by that name; one that inherits was granted none. */
export function holdsAny(scopes: readonly string[]): SQL {
  return sql`exists (select 1 from json_each(coalesce(${apiKey.scopes}, '[]')) where value in ${listed(scopes)})`
}

/** A list as one bound parameter: D1 allows 100 per statement. */
export function listed(values: readonly string[]): SQL {
  return sql`(select value from json_each(${JSON.stringify(values)}))`
}

/**
 * How many keys count towards the `max_keys` of a managing key, counted up to that number: not its own successors, and
 * of a rotation the newest.
 */
export function madeKeys(rootId: string, maxKeys: number): SQL {
  return sql`(select count(*) from (select 1 from ${apiKey} where ${eq(apiKey.madeBy, rootId)}
    and coalesce(${apiKey.meterId}, '') <> ${rootId} and revoked_at is null and replaced_by is null
    limit ${maxKeys}))`
}
