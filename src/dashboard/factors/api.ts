// Adding, changing and removing the second factors of the user. The server asks for step-up.
import { authDelete, authPatch, authPost } from '../api/better-auth.ts'
import { type CreationOptions, createPasskey } from '../api/passkey.ts'

type Success<Data> = { data: Data }

export type NewTotp = { secret: string; uri: string; expires_at: string }

/** null: there are codes already. */
type FirstCodes = { recovery_codes: string[] | null }

export const beginTotp = async () => (await authPost<Success<NewTotp>>('factors/totp')).data

export const confirmTotp = async (code: string) =>
  (await authPost<Success<FirstCodes>>('factors/totp/confirm', { code })).data.recovery_codes

export const removeTotp = () => authDelete('factors/totp')

export async function addPasskey(name: string): Promise<string[] | null> {
  const options = await authPost<Success<CreationOptions>>('factors/passkeys/options')
  const passkey = await createPasskey(options.data)
  const added = await authPost<Success<FirstCodes>>('factors/passkeys', { name, passkey })
  return added.data.recovery_codes
}

export const renamePasskey = (id: string, name: string) =>
  authPatch(`factors/passkeys/${id}`, { name })

export const removePasskey = (id: string) => authDelete(`factors/passkeys/${id}`)

export const renewRecoveryCodes = async () =>
  (await authPost<Success<{ recovery_codes: string[] }>>('factors/recovery-codes')).data
    .recovery_codes
