// What can be done to keys. Called directly, not as mutations of a cache: an answer with a token in it is
// handed to the caller and kept nowhere else.
import type { InferRequestType } from 'hono/client'
import { answer, type DataOf, management } from '../api/client.ts'

const keys = management['api-keys']
const key = keys[':id']

export type NewKey = InferRequestType<typeof keys.$post>['json']
export type KeyChanges = InferRequestType<typeof key.$patch>['json']

/** A key that was just made, with the token that nobody will see again. */
export type MintedKey = DataOf<typeof keys.$post>

/** How far a change has come: in force, unless something is named. */
export type Progress = { pending_regions?: string[] | undefined; effective_at?: string | undefined }

export function createKey(json: NewKey) {
  return answer(keys.$post({ json }))
}

export function rotateKey(id: string, overlapSeconds: number) {
  return answer(key.rotate.$post({ param: { id }, json: { overlap_seconds: overlapSeconds } }))
}

export async function updateKey(id: string, json: KeyChanges): Promise<Progress> {
  return progressOf((await answer(key.$patch({ param: { id }, json }))).data)
}

/** Sent again under the same idempotency key, it adds nothing. */
export function addCredits(id: string, add: number, idempotencyKey: string) {
  const header = { 'idempotency-key': idempotencyKey }
  return answer(key.credits.$post({ param: { id }, header, json: { add } }))
}

export async function revokeKey(id: string): Promise<Progress> {
  return progressOf((await answer(key.$delete({ param: { id } }))).data)
}

/** Only an answer of 202 says more than that it is in force. */
export function progressOf(data: object): Progress {
  const { pending_regions, effective_at } = data as Progress
  return { pending_regions, effective_at }
}

export async function revokeKeysOf(userId: string): Promise<Progress & { revoked: number }> {
  return (await answer(keys.revoke.$post({ json: { created_by: userId } }))).data
}
