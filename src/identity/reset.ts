// Setting a new password by a link: mailed, handed over by an owner of the account, or by the operator (scripts/person.ts).
import type { AuditEntry } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { digestOf } from '../core/token.ts'
import type { Acting } from '../storage/factor-notice.ts'
import {
  insertMailedLink,
  insertOwnersLink,
  isUsable,
  type NewResetLink,
  spendResetLink,
} from '../storage/reset-links.ts'
import { mailKeys, sealToken } from './mail/seal.ts'
import { newOneTimeToken } from './one-time-token.ts'
import { hashPassword } from './password.ts'
import type { PeopleSettings } from './settings.ts'

const lifetimeMinutes = 30

type MintedLink = NewResetLink & { token: string }

async function mintLink(nowMs: number): Promise<MintedLink> {
  const expiresAt = nowMs + lifetimeMinutes * 60_000
  return { id: crypto.randomUUID(), ...(await newOneTimeToken()), expiresAt }
}

/** The page reads the token from the fragment, which no server and no log gets. */
function resetUrl({ baseUrl }: Pick<PeopleSettings, 'baseUrl'>, token: string): string {
  return `${baseUrl}/reset-password#${token}`
}

/** Mails a link to whoever has the address; without mail nothing is stored. @throws StoreUnavailable */
export async function requestReset(
  settings: PeopleSettings,
  email: string,
  acting: Acting,
): Promise<void> {
  if (!settings.hasMail) return
  const { token, ...link } = await mintLink(acting.nowMs)
  const id = crypto.randomUUID()
  const sealedToken = await sealToken(await mailKeys(settings.authSecrets), token, id)
  const mail = { id, sealedToken, minutes: lifetimeMinutes }
  await insertMailedLink(settings.db, { ...acting, email, link, mail })
}

export type OwnersRequest = {
  userId: string
  accountId: string
  owner: { kind: AuditEntry['actorKind']; id: string }
  request: IdempotentRequest | null
}

/** The link of an owner, shown once; null where they may make none. @throws StoreUnavailable */
export async function makeOwnersLink(
  settings: PeopleSettings,
  of: OwnersRequest,
  acting: Acting,
): Promise<{ url: string; expiresAt: number } | null> {
  const { token, ...link } = await mintLink(acting.nowMs)
  const isStored = await insertOwnersLink(settings.db, { ...acting, ...of, link })
  return isStored ? { url: resetUrl(settings, token), expiresAt: link.expiresAt } : null
}

/** `refused`: the link was used, has expired, never was, or its maker may not make it any more. */
export type Reset = 'reset' | 'refused'

/** @throws StoreUnavailable */
export async function resetPassword(
  { db, hasMail }: PeopleSettings,
  { token, password }: { token: string; password: string },
  acting: Acting,
): Promise<Reset> {
  const digest = await digestOf(token)
  if (!(await isUsable(db, digest, acting.nowMs))) return 'refused'
  const replacement = { ...acting, hash: await hashPassword(password), hasMail }
  return (await spendResetLink(db, digest, replacement)) ? 'reset' : 'refused'
}
