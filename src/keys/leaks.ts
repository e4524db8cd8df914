// Revokes keys whose tokens were found in public. Callers must have authenticated the reporter.

import type { AuditEntry } from '../core/audit.ts'
import type { Config } from '../core/config.ts'
import { digestOf } from '../core/token.ts'
import { type ChangeSettings, type ChangeStores, changeMany } from './change.ts'
import { isPlausible } from './plausible-token.ts'

/** Where a token was found; `url` may be empty. */
export type Finding = { token: string; url: string; source: string }

/** `isOurs`: a key of this deployment has this token, whatever its state. */
export type Leak = { digest: string; isOurs: boolean }

export type LeakStores = ChangeStores & {
  findByDigests(
    digests: readonly string[],
  ): Promise<{ id: string; accountId: string; digest: string }[]>
  /** The keys that these were rotated to with their own tokens: who found a token may have rotated it. */
  findOwnSuccessors(ids: readonly string[]): Promise<{ id: string; successorOf: string }[]>
}

export type LeakSettings = ChangeSettings & {
  config: Pick<Config, 'formats' | 'foreign'>
  tagKeys: readonly CryptoKey[]
  /** Owners and creators are told by mail. */
  hasMail: boolean
}

/**
 * Revokes the keys of the tokens, disabled and expired ones too: those could be enabled or extended again.
 * @returns one entry for each finding, in their order.
 * @throws StoreUnavailable when a revocation may not be committed; all of them have then been attempted.
 */
export async function revokeLeaked(
  stores: LeakStores,
  settings: LeakSettings,
  findings: readonly Finding[],
  requestId: string,
): Promise<Leak[]> {
  const checked = await Promise.all(findings.map((finding) => checkFinding(settings, finding)))
  // Only plausible tokens cost a read.
  const candidates = checked.filter(({ isPlausible }) => isPlausible).map(({ digest }) => digest)
  const keys = candidates.length === 0 ? [] : await stores.findByDigests([...new Set(candidates)])
  const ours = new Map(keys.map((key) => [key.digest, key]))
  const found = checked.flatMap(({ digest, finding }) => {
    const key = ours.get(digest)
    return key === undefined ? [] : [{ ...key, ...placeOf(finding) }]
  })
  await revokeFound(stores, settings, await withSuccessors(stores, found), requestId)
  return checked.map(({ digest }) => ({ digest, isOurs: ours.has(digest) }))
}

async function checkFinding(settings: LeakSettings, finding: Finding) {
  const { token } = finding
  return {
    finding,
    digest: await digestOf(token),
    isPlausible: await isPlausible(token, settings),
  }
}

const maxUrlLength = 2_000

/** The URL is stored and sent in webhooks: the token in it is removed. */
function placeOf({ token, url, source }: Finding) {
  return { url: url.replaceAll(token, '[redacted]').slice(0, maxUrlLength), source }
}

async function withSuccessors(stores: LeakStores, found: readonly Found[]): Promise<Found[]> {
  if (found.length === 0) return []
  const successors = await stores.findOwnSuccessors(found.map(({ id }) => id))
  return [
    ...found,
    ...found.flatMap((key) =>
      successors
        .filter(({ successorOf }) => successorOf === key.id)
        .map(({ id }) => ({ ...key, id })),
    ),
  ]
}

type Found = { id: string; accountId: string; url: string; source: string }

/** One batch for the keys of one account found in one place, so that the audit entry names the place. */
async function revokeFound(
  stores: LeakStores,
  settings: LeakSettings,
  found: readonly Found[],
  requestId: string,
): Promise<void> {
  const failures: unknown[] = []
  const groups = Map.groupBy(found, ({ accountId, url, source }) =>
    JSON.stringify([accountId, url, source]),
  )
  for (const group of groups.values()) {
    const ids = group.map(({ id }) => id)
    const [accountId = ''] = group.map((key) => key.accountId)
    const plan = revocation(settings, group, requestId)
    // A failure must not keep the other keys from being revoked.
    await changeMany(stores, settings, accountId, { by: 'ids', ids }, plan).catch((error) => {
      failures.push(error)
    })
  }
  if (failures.length > 0) throw failures[0]
}

function revocation(
  { clock, hasMail }: LeakSettings,
  [first]: readonly Found[],
  requestId: string,
) {
  const detail = { reason: 'leaked', url: first?.url || null, source: first?.source ?? null }
  const audit: AuditEntry = {
    action: 'key.revoked',
    actorKind: 'system',
    actorId: null,
    requestId,
    detail,
  }
  return { patch: { revokedAt: clock.now(), revokedBy: null }, audit, mailsLeak: hasMail }
}
