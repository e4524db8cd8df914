// Enrolling, renaming and removing passkeys.
import { type Acting, noticesOf } from '../../storage/factor-notice.ts'
import {
  insertPasskey,
  listPasskeys,
  type Passkey,
  passkeyRefusal,
  removePasskey,
  renamePasskey,
} from '../../storage/passkey-store.ts'
import type { Session } from '../session.ts'
import type { PeopleSettings } from '../settings.ts'
import { changeOf, type Enrolment } from './enrol.ts'
import { type Registration, registrationOptions, verifyRegistration } from './passkeys.ts'
import { newRecoveryCodes } from './recovery-codes.ts'

/** For `navigator.credentials.create`. @throws StoreUnavailable */
export async function passkeyOptions(settings: PeopleSettings, session: Session, nowMs: number) {
  const existing = await listPasskeys(settings.db, session.userId)
  return registrationOptions(settings, session, existing, nowMs)
}

export type PasskeyEnrolment =
  | (Extract<Enrolment, { kind: 'enrolled' }> & { passkey: Passkey })
  /** `full`: the person has as many as one may have. `exists`: it is enrolled, of whomever. */
  | { kind: 'wrong' | 'full' | 'exists' }

/** @throws StoreUnavailable */
export async function enrolPasskey(
  settings: PeopleSettings,
  session: Session,
  { response, name }: { response: Registration; name: string },
  acting: Acting,
): Promise<PasskeyEnrolment> {
  const { userId, sessionId } = session
  const { nowMs } = acting
  const verified = await verifyRegistration(settings, userId, response, nowMs)
  if (verified === null) return { kind: 'wrong' }
  const { challenge, credential } = verified
  const refused = await passkeyRefusal(settings.db, { userId, ...credential }, challenge)
  if (refused !== null) return { kind: refused === 'answered' ? 'wrong' : refused }
  const { codes, digests } = await newRecoveryCodes(settings, userId)
  const row = { id: crypto.randomUUID(), userId, name, ...credential }
  const event = {
    action: 'factor.enrolled',
    change: 'passkey_enrolled',
    factor: 'passkey',
    name,
  } as const
  const effects = changeOf(settings, session, event, acting)
  const by = { sessionId, digests }
  const inserted = await insertPasskey(settings.db, row, challenge, by, effects, nowMs)
  if (inserted.kind === 'answered') return { kind: 'wrong' }
  if (inserted.kind !== 'inserted') return { kind: inserted.kind }
  const passkey = { ...row, createdAt: nowMs, lastUsedAt: null }
  return { kind: 'enrolled', passkey, recoveryCodes: inserted.codes ? codes : null }
}

/** null: the person has no such passkey. @throws StoreUnavailable */
export async function changePasskeyName(
  settings: PeopleSettings,
  { userId }: Session,
  { id, name }: { id: string; name: string },
  acting: Acting,
): Promise<Passkey | null> {
  const found = await findOwnPasskey(settings, userId, id)
  if (found === null) return null
  const detail = { factor: 'passkey', name }
  const effects = noticesOf(userId, [{ action: 'factor.renamed', detail, mail: null }], acting)
  const isNamed = await renamePasskey(settings.db, { userId, id, name }, effects)
  return isNamed ? { ...found, name } : null
}

/** `last`: nothing else is left to sign in with. @throws StoreUnavailable */
export async function removePasskeyFactor(
  settings: PeopleSettings,
  session: Session,
  id: string,
  acting: Acting,
): Promise<'removed' | 'unknown' | 'last'> {
  const { userId } = session
  const found = await findOwnPasskey(settings, userId, id)
  if (found === null) return 'unknown'
  const event = {
    action: 'factor.removed',
    change: 'passkey_removed',
    factor: 'passkey',
    name: found.name,
  } as const
  const effects = changeOf(settings, session, event, acting)
  const issuers = settings.providers.map(({ issuer }) => issuer)
  return (await removePasskey(settings.db, { userId, id, issuers }, effects)) ? 'removed' : 'last'
}

async function findOwnPasskey({ db }: PeopleSettings, userId: string, id: string) {
  const all = await listPasskeys(db, userId)
  return all.find((each) => each.id === id) ?? null
}
