// Each thing that can be asked of keys and people, as the routes ask it.

import { settle } from '../../src/coherence/settle.ts'
import type { Caller } from '../../src/core/audit.ts'
import { type Role, strongestRole } from '../../src/core/role.ts'
import type { KeyEdits } from '../../src/keys/attributes.ts'
import type { ChangeResult } from '../../src/keys/change.ts'
import { issueKey } from '../../src/keys/issue.ts'
import { revokeKey, revokeKeys } from '../../src/keys/revoke.ts'
import { rotateKey } from '../../src/keys/rotate.ts'
import { updateKey } from '../../src/keys/update.ts'
import type { Selection } from '../../src/storage/key-changes.ts'
import { within } from '../../src/storage/unavailable.ts'
import type { Answer, Ask, Desk } from './managers.ts'
import type { KnownKey, World } from './world.ts'

export const account = 'account'
export const owner = 'owner'
export const creators = ['owner', 'admin', 'member'] as const
const externalIds = ['x', 'y', null] as const

function callerOf(id: string, role: Role): Caller {
  return { actor: { kind: 'person', id, accountId: account, role }, requestId: 'request' }
}

const asOwner = callerOf(owner, 'owner')

function answerOf(changed: ChangeResult<unknown>): Answer {
  return changed.kind === 'done' ? changed.progress.kind : null
}

export function revoke({ id }: KnownKey): Ask {
  return {
    name: 'revoke',
    run: async ({ stores, settings }) => answerOf(await revokeKey(stores, settings, asOwner, id)),
  }
}

export function update({ id }: KnownKey, edits: KeyEdits): Ask {
  return {
    name: 'update',
    run: async ({ stores, settings }) =>
      answerOf(await updateKey(stores, settings, asOwner, id, edits)),
  }
}

export function rotate({ id, digest }: KnownKey, overlapMs: number): Ask {
  return {
    name: 'rotate',
    async run({ world, stores, settings, notes }) {
      const rotation = await rotateKey(stores, settings, asOwner, id, overlapMs)
      if (rotation === null || rotation.changed.kind !== 'done') return null
      const [successor] = [...notes.committed.keys()].filter((other) => other !== digest)
      if (successor === undefined) throw new Error('rotated without a successor')
      learn(world, { ...rotation, digest: successor, accountId: account })
      // The new key is in the client's hands, however far the old one's end has come.
      world.history.promise(new Map([[successor, notes.committed.get(successor) ?? 0]]))
      return answerOf(rotation.changed)
    },
  }
}

export function bulk(selection: Exclude<Selection, { by: 'version' }>): Ask {
  return {
    name: 'bulk',
    run: async ({ stores, settings }) => {
      const { progress } = await revokeKeys(stores, settings, asOwner, selection)
      return progress.kind
    },
  }
}

/** A change of a member (role null: removed), or of the account's name: management.ts `keysFollow`. */
export function changePeople(change: { userId: string; role: string | null } | null): Ask {
  return {
    name: change === null ? 'rename' : 'member',
    async run({ world, stores, settings, notes }) {
      await within('D1', 10_000, world.d1.changePeople(account, change, notes))
      const missing = await settle(stores, settings, { accountId: account })
      return missing.length === 0 ? 'in_force' : 'pending'
    },
  }
}

/** Makes a key: by whoever may, with scopes of its own or inheriting. */
export function issue(world: World): Ask {
  const { random } = world
  const createdBy = random.one(creators)
  const scopes = random.one([
    null,
    null,
    ['contacts:read'],
    ['contacts:read', 'contacts:write'],
    [],
  ])
  const externalId = random.one(externalIds)
  const limits = { rateLimit: null, credits: null, limitsBy: 'key' } as const
  const facts = { expiresAt: null, allowedIps: null, metadata: null, ...limits, formatName: 'whm' }
  return {
    name: 'issue',
    async run({ stores, settings, notes }) {
      const role = strongestRole(world.d1.tables.members.get(`${account}/${createdBy}`) ?? null)
      const caller = role === null ? asOwner : callerOf(createdBy, role)
      const request = { ...facts, name: 'a key', scopes, externalId }
      const issued = await issueKey(stores, settings, caller, request)
      if (issued.kind === 'refused') return null
      const [digest = ''] = notes.committed.keys()
      learn(world, { ...issued, digest, accountId: account })
      return 'created'
    },
  }
}

/** A key that a restore lost is brought back under the same digest, with less power (import). */
export function bringBack(world: World, key: KnownKey): Ask {
  return {
    name: 'import',
    async run({ stores, settings }: Desk) {
      const { digest, accountId } = key
      const id = settings.newId()
      const now = settings.clock.now()
      const row = { id, digest, accountId, createdAt: now, name: 'back', format: 'whm' }
      const audit = { action: 'key.created', actorKind: 'system', actorId: null } as const
      const entry = { ...audit, requestId: null, detail: null }
      await stores.changes.create({ ...row, keyPrefix: '', scopes: [] }, entry, now)
      key.id = id
      world.count('imported')
      return 'created'
    },
  }
}

function learn(world: World, { id, token, digest, accountId }: KnownKey): void {
  world.keys.push({ id, token, digest, accountId })
}
