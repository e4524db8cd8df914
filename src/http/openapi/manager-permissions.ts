// What a key with `keys:manage` may do to a key, by the bound of its `may_grant` that the key is beyond: for
// docs/permissions.md, computed by the functions that the routes call, and compared with the routes' answers by
// test/worker/manager-permissions.test.ts.
import { z } from '@hono/zod-openapi'
import type { Actor } from '../../core/actor.ts'
import type { Caller } from '../../core/audit.ts'
import type { Config } from '../../core/config.ts'
import { isBounded } from '../../core/grant.ts'
import { creditTerms } from '../../core/limits.ts'
import type { KeyAttributes } from '../../keys/attributes.ts'
import {
  isVisible,
  refuseChange,
  refuseGrant,
  refuseNewKey,
  refuseReserved,
} from '../../keys/powers.ts'
import type { Refusal } from '../../keys/refusal.ts'
import { attributesOf } from '../management/keys/key-input.ts'
import { keyFields } from '../management/keys/key-schema.ts'
import { type Document, operationsOf } from './document.ts'
import {
  type Body,
  manager,
  type Situation,
  type SituationName,
  situations,
  withTimes,
} from './manager-situations.ts'

/** `yes`, the status of the refusal, or that a list or a bulk call leaves the key out. */
export type ManagerCell = 'yes' | 'no' | 401 | 403 | 404

type Target = KeyAttributes & { id: string; disabled: boolean; formatName: string }
type Settings = { config: Config; clock: { now(): number; sleep(ms: number): Promise<void> } }
type Facts = { caller: Caller; actor: Extract<Actor, { kind: 'key' }>; key: Target } & Settings

export type Call = {
  /** `METHOD /path` of the operation. */
  operation: string
  /** What the call does, where one operation has several rows. */
  does?: string
  body?: Body
  /** The key is disabled before the call. */
  isDisabled?: true
  cell(facts: Facts): ManagerCell
}

const patchPath = 'PATCH /api/api-keys/{id}'

export const calls: readonly Call[] = [
  { operation: 'GET /api/api-keys', does: 'lists it', cell: visible('no') },
  { operation: 'GET /api/api-keys/summary', does: 'counts it', cell: visible('no') },
  { operation: 'POST /api/api-keys/lookup', does: 'finds it by its token', cell: visible(404) },
  { operation: 'POST /api/api-keys/explain', does: 'explains it', cell: visible(404) },
  { operation: 'GET /api/api-keys/{id}', cell: visible(404) },
  { operation: 'GET /api/api-keys/{id}/usage', cell: visible(404) },
  { operation: 'GET /api/api-keys/usage', does: 'shows its requests', cell: visible('no') },
  {
    operation: 'GET /api/usage',
    // The guard `withoutBounds`: it shows all keys of the account.
    cell: ({ actor }) => (isBounded(actor.mayGrant) ? 403 : 'yes'),
  },
  { operation: 'GET /api/audit-events', does: 'lists its events', cell: visible('no') },
  {
    operation: 'POST /api/api-keys',
    does: 'creates such a key',
    cell: ({ actor, caller, key, ...settings }) =>
      isFull(actor) ? 403 : answerOf(refuseNewKey(caller, key, settings)),
  },
  change('renames it', { name: 'Another name' }, {}),
  change('tightens it', { expires_at: 'in 900' }, { expiresAt: 0 }),
  change('grants something', { metadata: { plan: 'gold' } }, { metadata: { plan: 'gold' } }),
  change('disables it', { is_active: false }, { disabled: true }),
  { ...change('enables it', { is_active: true }, { disabled: false }), isDisabled: true },
  {
    operation: 'POST /api/api-keys/{id}/rotate',
    body: {},
    // The rotated key counts towards the number of those that the managing key made.
    cell: ofVisible((facts) => {
      if (isItself(facts)) return 'yes'
      return isFull(facts.actor) ? 403 : answerOf(refusedGrant(facts))
    }),
  },
  {
    operation: 'POST /api/api-keys/{id}/credits',
    body: { add: 1 },
    cell: ofVisible((facts) => answerOf(refusedGrant(facts))),
  },
  {
    operation: 'DELETE /api/api-keys/{id}',
    cell: ({ caller, key }) => answerOf(refuseReserved(caller, key)),
  },
  {
    operation: 'POST /api/api-keys/revoke',
    does: 'revokes it',
    // Itself too: a bulk call names no key with reserved scopes by its id alone.
    cell: (facts) =>
      refuseReserved(facts.caller, { ...facts.key, id: '' }) ? 'no' : visible('no')(facts),
  },
  ...['GET /api/account', 'GET /api/scopes', 'GET /api/formats', 'GET /api/api-keys/templates'].map(
    (operation): Call => ({ operation, cell: () => 'yes' }),
  ),
]

/** Webhooks of an account show all its keys: the guard `withoutBounds` stands before each of these paths. */
export const endpointPaths = '/api/webhook-endpoints'

const endpoints: Call = {
  operation: `every operation under ${endpointPaths}`,
  cell: ({ actor }) => (isBounded(actor.mayGrant) ? 403 : 'yes'),
}

export type ManagerPermission = { call: Call; cells: Record<SituationName, ManagerCell> }

/** The whole table. @throws Error naming an operation for keys with `keys:manage` that has no row. */
export function managerPermissionsOf(document: Document, settings: Settings): ManagerPermission[] {
  for (const { path, method, operation } of operationsOf(document)) {
    const name = `${method.toUpperCase()} ${path}`
    const isForManagers = operation.security?.some(({ apiKey }) => apiKey?.includes('keys:manage'))
    if (!isForManagers || path.startsWith(endpointPaths)) continue
    if (!calls.some((call) => call.operation === name)) throw new Error(`${name} has no row.`)
  }
  return [...calls, endpoints].map((call) => {
    const cells = Object.entries(situations).map(([name, situation]) => [
      name,
      cellOf(call, situation, settings),
    ])
    return { call, cells: Object.fromEntries(cells) }
  })
}

function cellOf(call: Call, situation: Situation, settings: Settings): ManagerCell {
  const { mayGrant } = attributes({ ...manager, may_grant: situation.mayGrant }, settings)
  const itself = attributes(manager, settings)
  const actor = {
    kind: 'key',
    id: 'manager',
    rootId: 'manager',
    accountId: 'account',
    scopes: manager.scopes,
    createdBy: null,
    mayGrant,
  } as const
  // A disabled key calls nothing.
  if (situation.key === null && call.isDisabled) return 401
  const target =
    situation.key === null
      ? { ...itself, mayGrant, id: actor.id }
      : { ...attributes(situation.key, settings), id: 'other' }
  const { defaultFormat: formatName } = settings.config
  const key = { ...target, formatName, disabled: call.isDisabled ?? false }
  return call.cell({ caller: { actor, requestId: '' }, actor, key, ...settings })
}

function attributes(body: Body, { config, clock }: Settings): KeyAttributes {
  const { name, ...optional } = keyFields(config, () => clock.now())
  const schema = z.strictObject({ name, ...z.object(optional).partial().shape })
  return attributesOf(schema.parse(withTimes(body, clock.now())))
}

function storedOf({ key, clock }: Facts) {
  const credits = key.credits && creditTerms(null, key.credits, clock.now())
  return { ...key, format: key.formatName, credits, creatorRole: 'owner', replacedBy: null }
}

function isFull({ mayGrant }: Facts['actor']): boolean {
  return mayGrant?.maxKeys === 0
}

function isItself({ actor, key }: Facts): boolean {
  return actor.id === key.id
}

function refusedGrant(facts: Facts): Refusal | null {
  return refuseGrant(facts.caller, storedOf(facts), facts)
}

function answerOf(refused: Refusal | null): ManagerCell {
  return refused === null ? 'yes' : 403
}

function visible(otherwise: 'no' | 404): Call['cell'] {
  return (facts) => (isVisible(facts.actor, storedOf(facts), facts) ? 'yes' : otherwise)
}

function ofVisible(cell: Call['cell']): Call['cell'] {
  return (facts) => (visible(404)(facts) === 404 ? 404 : cell(facts))
}

function change(
  does: string,
  body: Body,
  edits: Partial<Pick<Target, 'expiresAt' | 'metadata' | 'disabled'>>,
): Call {
  const decide: Call['cell'] = (facts) => {
    const before = storedOf(facts)
    const verdict = refuseChange(facts.caller, before, { ...before, ...edits }, facts)
    return 'refused' in verdict ? 403 : 'yes'
  }
  // By id a managing key disables also what it may not read.
  const cell = edits.disabled ? decide : ofVisible(decide)
  return { operation: patchPath, does, body, cell }
}
