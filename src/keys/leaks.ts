// Tokens that were found where everybody can read them: those that are ours are revoked, each in its own
// account. Whoever reports must have been checked before.

import type { AuditEntry } from '../core/audit.ts'
import type { Config } from '../core/config.ts'
import { recogniseToken } from '../core/foreign.ts'
import { digestOf, isGenuine } from '../core/token.ts'
import { type ChangeSettings, type ChangeStores, changeMany } from './change.ts'

/** Where a token was found; the place may be empty. */
export type Finding = { token: string; url: string; source: string }

/** `isOurs`: a key of this deployment has or had this token. */
export type Leak = { digest: string; isOurs: boolean }

export type LeakStores = ChangeStores & {
  findByDigests(
    digests: readonly string[],
  ): Promise<{ id: string; accountId: string; digest: string }[]>
}

export type LeakSettings = ChangeSettings & {
  config: Pick<Config, 'formats' | 'foreign'>
  tagKeys: readonly CryptoKey[]
}

/**
 * Revokes what was found, also where it is disabled or expired and could be brought back.
 * @returns one answer a finding, in their order.
 * @throws StoreUnavailable after all was tried, when a revocation is not known to be committed.
 */
export async function revokeLeaked(
  stores: LeakStores,
  settings: LeakSettings,
  findings: readonly Finding[],
  requestId: string,
): Promise<Leak[]> {
  const looks = await Promise.all(findings.map((finding) => lookAt(settings, finding)))
  const candidates = looks.filter(({ isPlausible }) => isPlausible).map(({ digest }) => digest)
  const keys = candidates.length === 0 ? [] : await stores.findByDigests([...new Set(candidates)])
  const ours = new Map(keys.map((key) => [key.digest, key]))
  const found = looks.flatMap(({ digest, finding }) => {
    const key = ours.get(digest)
    return key === undefined ? [] : [{ ...key, ...placeOf(finding) }]
  })
  await revokeFound(stores, settings, found, requestId)
  return looks.map(({ digest }) => ({ digest, isOurs: ours.has(digest) }))
}

/** No store is asked about what cannot be a token of ours. */
async function lookAt({ config, tagKeys }: LeakSettings, finding: Finding) {
  const recognised = recogniseToken(finding.token, config)
  const isPlausible =
    recognised !== null &&
    (recognised.origin === 'foreign' || (await isGenuine(recognised, tagKeys)))
  return { finding, digest: await digestOf(finding.token), isPlausible }
}

const maxUrlLength = 2_000

/** A path may be named like the token that it holds. */
function placeOf({ token, url, source }: Finding) {
  return { url: url.replaceAll(token, '[redacted]').slice(0, maxUrlLength), source }
}

type Found = { id: string; accountId: string; url: string; source: string }

/** One batch for all keys of an account found in one place, so that the audit says where. */
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
    // One failure must not keep the others in force.
    await changeMany(stores, settings, accountId, { by: 'ids', ids }, plan).catch((error) => {
      failures.push(error)
    })
  }
  if (failures.length > 0) throw failures[0]
}

function revocation({ clock }: LeakSettings, [first]: readonly Found[], requestId: string) {
  const detail = { reason: 'leaked', url: first?.url || null, source: first?.source ?? null }
  const audit: AuditEntry = {
    action: 'key.revoked',
    actorKind: 'system',
    actorId: null,
    requestId,
    detail,
  }
  return { patch: { revokedAt: clock.now(), revokedBy: null }, audit }
}
