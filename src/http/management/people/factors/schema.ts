// What the operations of factors share: what is shown of them, and codes.
import { z } from '@hono/zod-openapi'
import { stepUpMethods } from '../../../../core/factors.ts'
import type { Passkey } from '../../../../storage/passkey-store.ts'
import { isoTime, time } from '../../../routing/time.ts'

export const factorsPath = '/api/auth/factors'
export const tags = ['People']
export const noStore = { 'cache-control': 'no-store' }

/** As an app shows it, also in groups. */
export const totpCode = z
  .string()
  .max(20)
  .transform((text) => text.replaceAll(/\s/g, ''))
  .openapi({ type: 'string', maxLength: 20, example: '123456' })

export const recoveryCode = z.string().max(40).openapi({ example: '3f7k-0m2x-9qsd-h41v' })

export const recoveryCodes = z
  .array(z.string())
  .openapi({ description: 'Ten codes, each of which works once. They are not shown again' })

export const firstCodes = recoveryCodes.nullable().openapi({
  description: 'With the first factor: ten codes, each of which works once, not shown again',
})

const base64url = z.string().max(8_000)
const credential = {
  id: z.string().max(1_400),
  rawId: z.string().max(1_400),
  type: z.string().max(20),
}

/** WebAuthn's RegistrationResponseJSON. What else it holds is ignored. */
export const registrationResponse = z
  .looseObject({
    ...credential,
    response: z.looseObject({
      clientDataJSON: base64url,
      attestationObject: base64url,
      transports: z.array(z.string().max(30)).max(10).optional(),
    }),
  })
  .openapi({ description: 'The `toJSON()` of the answer of `navigator.credentials.create`' })

/** WebAuthn's AuthenticationResponseJSON. What else it holds is ignored. */
export const authenticationResponse = z
  .looseObject({
    ...credential,
    response: z.looseObject({
      clientDataJSON: base64url,
      authenticatorData: base64url,
      signature: base64url,
      userHandle: z.string().max(200).nullish(),
    }),
  })
  .openapi({ description: 'The `toJSON()` of the answer of `navigator.credentials.get`' })

export const publicKeyOptions = z.looseObject({ challenge: z.string() }).openapi({
  description:
    'For `PublicKeyCredential.parse…OptionsFromJSON`; the challenge ends in five minutes',
})

export const passkeySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    is_backed_up: z
      .boolean()
      .openapi({ description: 'Synchronised, so that it outlives its device' }),
    created_at: time,
    last_used_at: time.nullable(),
  })
  .openapi('Passkey')

export function passkeyView(passkey: Passkey): z.infer<typeof passkeySchema> {
  const { id, name, isBackedUp, createdAt, lastUsedAt } = passkey
  return {
    ...{ id, name, is_backed_up: isBackedUp, created_at: isoTime(createdAt) },
    last_used_at: shownTime(lastUsedAt),
  }
}

export const factorsSchema = z
  .object({
    password: z.boolean(),
    totp: z.object({ enrolled_at: time, last_used_at: time.nullable() }).nullable(),
    passkeys: z.array(passkeySchema),
    recovery_codes: z
      .object({ left: z.int(), created_at: time })
      .nullable()
      .openapi({ description: 'They are made with the first factor, and end with the last one' }),
    required_by: z.array(z.object({ id: z.uuid(), name: z.string() })).openapi({
      description: 'The accounts of the person that require a second factor',
    }),
    step_up: z
      .enum(stepUpMethods)
      .nullable()
      .openapi({ description: 'What POST /api/auth/step-up takes; null: only a new sign-in' }),
  })
  .openapi('Factors')

export const signedIn = z.object({
  user: z.object({ id: z.uuid(), name: z.string(), email: z.string() }),
})

export function shownTime(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms)
}
