// Changes of webhook endpoints: create, change, delete, rotate the secret. Each change is one
// batch in D1 with its audit event.
import { auditEntry, type Caller } from '../core/audit.ts'
import { changeDetail, changedFields } from '../core/changed-fields.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { RandomBytes } from '../core/token.ts'
import { type TargetRules, webhookTarget } from '../core/webhook-target.ts'
import {
  deleteEndpoint,
  type Endpoint,
  insertEndpoint,
  replaceSecret,
  updateEndpoint,
} from '../storage/webhook-endpoints.ts'
import { newSecret } from './secret.ts'

export type EndpointSettings = {
  rules: TargetRules
  sealingKeys: readonly CryptoKey[]
  randomBytes: RandomBytes
  newId(): string
  now(): number
}

export type EndpointInput = Pick<Endpoint, 'url' | 'description' | 'events'>

/** A field that is undefined is unchanged. */
export type EndpointEdits = {
  [Field in keyof EndpointInput | 'enabled' | 'needsReview']?: Endpoint[Field] | undefined
}

/** This deployment does not send to the URL; `refused` is the end of a sentence. */
type UrlRefused = { kind: 'url_refused'; refused: string }

export type Created =
  | { kind: 'created'; id: string; secret: string }
  | { kind: 'too_many' }
  | UrlRefused

/** The secret is returned here and never again. @throws StoreUnavailable */
export async function createEndpoint(
  d1: D1Database,
  { rules, sealingKeys, randomBytes, newId, now }: EndpointSettings,
  caller: Caller,
  input: EndpointInput,
  request: IdempotentRequest | null = null,
): Promise<Created> {
  const target = webhookTarget(input.url, rules)
  if ('refused' in target) return { kind: 'url_refused', ...target }
  const { actor } = caller
  const id = newId()
  const { secret, sealedSecret } = await newSecret(sealingKeys, id, randomBytes)
  const createdBy = actor.kind === 'person' ? actor.id : actor.createdBy
  const place = { id, accountId: actor.accountId }
  const endpoint = { ...input, ...place, sealedSecret, createdBy, createdAt: now() }
  const audit = auditEntry(caller, 'webhook_endpoint.created', { events: input.events })
  const isStored = await insertEndpoint(d1, endpoint, audit, request)
  return isStored ? { kind: 'created', id, secret } : { kind: 'too_many' }
}

/** Writes the fields that differ, if any. Enabling clears why Latchkey disabled it. @throws StoreUnavailable */
export async function changeEndpoint(
  d1: D1Database,
  { rules, now }: Pick<EndpointSettings, 'rules' | 'now'>,
  caller: Caller,
  endpoint: Endpoint,
  edits: EndpointEdits,
): Promise<{ kind: 'changed' } | UrlRefused> {
  if (edits.url !== undefined) {
    const target = webhookTarget(edits.url, rules)
    if ('refused' in target) return { kind: 'url_refused', ...target }
  }
  const changed = changedFields(endpoint, edits)
  if (Object.keys(changed).length > 0) {
    const audit = auditEntry(caller, 'webhook_endpoint.updated', changeDetail(endpoint, changed))
    const reason = changed.enabled === undefined ? {} : { disabledReason: null }
    await updateEndpoint(d1, endpoint, { ...changed, ...reason }, audit, now())
  }
  return { kind: 'changed' }
}

/** With its deliveries: pending ones are not sent. @throws StoreUnavailable */
export async function removeEndpoint(
  d1: D1Database,
  caller: Caller,
  endpoint: Endpoint,
  nowMs: number,
): Promise<void> {
  await deleteEndpoint(d1, endpoint, auditEntry(caller, 'webhook_endpoint.deleted', {}), nowMs)
}

/** Both secrets sign during the overlap. The new one is returned here and never again. @throws StoreUnavailable */
export async function rotateSecret(
  d1: D1Database,
  { sealingKeys, randomBytes, now }: Omit<EndpointSettings, 'rules' | 'newId'>,
  caller: Caller,
  endpoint: Endpoint,
  overlapSeconds: number,
  request: IdempotentRequest | null = null,
): Promise<string> {
  const { secret, sealedSecret } = await newSecret(sealingKeys, endpoint.id, randomBytes)
  const nowMs = now()
  const replaced = { sealedSecret, previousUntil: nowMs + overlapSeconds * 1000 }
  const detail = { overlap_seconds: overlapSeconds }
  const audit = auditEntry(caller, 'webhook_endpoint.secret_rotated', detail)
  await replaceSecret(d1, endpoint, replaced, audit, nowMs, request)
  return secret
}
