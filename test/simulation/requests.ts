// Every change of keys and members, as the routes make it.

import { settle } from '../../src/coherence/settle.ts'
import type { Caller } from '../../src/core/audit.ts'
import { type Role, strongestRole } from '../../src/core/role.ts'
import type { KeyEdits } from '../../src/keys/attributes.ts'
import { type ChangeResult, propagate } from '../../src/keys/change.ts'
import { issueKey } from '../../src/keys/issue.ts'
import { revokeKey, revokeKeys } from '../../src/keys/revoke.ts'
import { rotateKey } from '../../src/keys/rotate.ts'
import { updateKey } from '../../src/keys/update.ts'
import type { Selection } from '../../src/storage/key-selection.ts'
import { within } from '../../src/storage/unavailable.ts'
import type { Answer, ChangeRequest, RequestContext } from './clients.ts'
import { isInjected } from './mistake.ts'
import { isSelected } from './rows.ts'
import type { AccountChange, Standing } from './tables.ts'
import type { KnownKey, World } from './world.ts'

/** Of different groups. */
export const accounts = ['account', 'other'] as const
export const owner = 'owner'
export const creators = ['owner', 'admin', 'member'] as const
const externalIds = ['x', 'y', null] as const

function callerOf(accountId: string, id: string, role: Role): Caller {
  const person = { kind: 'person', id, accountId, role, inPlatform: false } as const
  return { actor: { ...person, credential: 'session', isSteppedUp: true }, requestId: 'request' }
}

const ownerOf = ({ accountId }: { accountId: string }) => callerOf(accountId, owner, 'owner')

function answerOf(changed: ChangeResult<unknown>): Answer {
  return changed.kind === 'done' ? changed.progress.kind : null
}

export function revoke({ id, ...key }: KnownKey): ChangeRequest {
  return {
    name: 'revoke',
    run: async ({ stores, settings }) =>
      answerOf(await revokeKey(stores, settings, ownerOf(key), id)),
  }
}

export function update({ id, ...key }: KnownKey, edits: KeyEdits): ChangeRequest {
  return {
    name: 'update',
    run: async ({ stores, settings }) =>
      answerOf(await updateKey(stores, settings, ownerOf(key), id, edits)),
  }
}

export function rotate({ id, digest, accountId }: KnownKey, overlapMs: number): ChangeRequest {
  return {
    name: 'rotate',
    async run({ world, stores, settings, touched }) {
      const rotation = await rotateKey(stores, settings, ownerOf({ accountId }), id, { overlapMs })
      if (rotation.kind !== 'done') return null
      const [successor] = [...touched.committed.keys()].filter((other) => other !== digest)
      if (successor === undefined) throw new Error('rotated without a successor')
      addKnownKey(world, { ...rotation, digest: successor, accountId })
      // The client has the new key, whether or not the old one has expired everywhere.
      world.history.guarantee(new Map([[successor, touched.committed.get(successor) ?? 0]]))
      return answerOf(rotation)
    },
  }
}

export function bulk(
  accountId: string,
  selection: Exclude<Selection, { by: 'version' }>,
): ChangeRequest {
  return {
    name: 'bulk',
    run: async ({ world, stores, settings }) => {
      const before = unrevoked(world, accountId, selection)
      const restores = world.counts.restored
      const { count, progress } = await revokeKeys(
        stores,
        settings,
        ownerOf({ accountId }),
        selection,
      )
      const left = unrevoked(world, accountId, selection).filter((one) => before.includes(one))
      const isWhole = left.length === 0 || world.counts.restored !== restores
      if (!isWhole) world.fail('a bulk change is whole', `${left.length} keys are left of it`)
      world.counts['revoked in bulk'] = (world.counts['revoked in bulk'] ?? 0) + count
      return progress.kind
    },
  }
}

/** The selection decides by what no change of these histories changes. */
function unrevoked({ d1 }: World, accountId: string, selection: Selection): string[] {
  return [...d1.tables.keys.values()]
    .filter((row) => row.revokedAt === null && isSelected(row, accountId, selection))
    .map(({ digest }) => digest)
}

/** A change of a member or of the account's name, as src/worker/changes.ts settles it. */
export function changePeople(accountId: string, change: AccountChange): ChangeRequest {
  return {
    name: change.kind,
    async run({ world, stores, settings, touched }) {
      await within('D1', 10_000, world.d1.changeAccount(accountId, change, touched))
      const missing = await settle(stores, settings, { accountId })
      return missing.length === 0 ? 'in_force' : 'pending'
    },
  }
}

/** Settles as keys/closing.ts and keys/accounts.ts do: a client may choose not to wait. */
export function changeStanding(accountId: string, kind: Standing): ChangeRequest {
  return {
    name: kind,
    async run({ world, stores, settings, touched }) {
      const written = world.d1.changeAccount(accountId, { kind }, touched)
      const commit = await within('D1', 10_000, written)
      world.count(`${kind} committed`)
      const isUnsettled =
        (kind === 'suspend' && isInjected('suspension-unsettled')) ||
        (kind === 'resume' && isInjected('resumption-unsettled'))
      const answer = isUnsettled
        ? 'in_force'
        : (await propagate(stores, settings, { accountId })).kind
      if ((kind === 'suspend' || kind === 'resume') && answer === 'in_force') {
        world.history.suspensions.answer(accountId, { isSuspended: kind === 'suspend', commit })
      }
      return answer
    },
  }
}

/** Issues a key by a random member, with scopes of its own or inherited ones. */
export function issue(world: World): ChangeRequest {
  const { random } = world
  const accountId = random.is(0.3) ? 'other' : 'account'
  const createdBy = random.one(creators)
  const scopes = random.one([
    null,
    null,
    ['contacts:read'],
    ['contacts:read', 'contacts:write'],
    ['contacts:*'],
    ['contacts:read#7'],
    [],
  ])
  const formatName = random.one(['whm', 'whm', 'whm', 'test'])
  const externalId = random.one(externalIds)
  const limits = { rateLimit: null, credits: null, limitsBy: 'key', mayGrant: null } as const
  const fields = { expiresAt: null, allowedIps: null, metadata: null, ...limits, formatName }
  return {
    name: 'issue',
    async run({ stores, settings, touched }) {
      const role = strongestRole(world.d1.tables.members.get(`${accountId}/${createdBy}`) ?? null)
      const caller = role === null ? ownerOf({ accountId }) : callerOf(accountId, createdBy, role)
      const request = { ...fields, name: 'a key', scopes, externalId }
      const issued = await issueKey(stores, settings, caller, request)
      if (issued.kind === 'refused') return null
      const [digest = ''] = touched.committed.keys()
      addKnownKey(world, { ...issued, digest, accountId })
      return 'created'
    },
  }
}

/** Imports a key that a restore lost under the same digest, with fewer scopes. */
export function reimport(world: World, key: KnownKey): ChangeRequest {
  return {
    name: 'import',
    async run({ stores, settings }: RequestContext) {
      const { digest, accountId } = key
      const id = settings.newId()
      const now = settings.clock.now()
      const row = { id, digest, accountId, createdAt: now, name: 'imported', format: 'whm' }
      const audit = { action: 'key.created', actorKind: 'system', actorId: null } as const
      const entry = { ...audit, requestId: null, detail: null }
      await stores.changes.create({ ...row, keyPrefix: '', scopes: [] }, entry, now)
      key.id = id
      world.count('imported')
      return 'created'
    },
  }
}

function addKnownKey(world: World, { id, token, digest, accountId }: KnownKey): void {
  world.keys.push({ id, token, digest, accountId })
}
