// Second factors: what the user has enrolled, and how a sign-in or a session is proved with one.
import { queryOptions } from '@tanstack/react-query'
import { authGet, authPost } from '../api/better-auth.ts'
import { provePasskey, type RequestOptions } from '../api/passkey.ts'

/** In the order in which they are offered. */
export const factorKinds = ['passkey', 'totp', 'recovery_code'] as const
export type FactorKind = (typeof factorKinds)[number]

export type Passkey = { id: string; name: string; created_at: string; last_used_at: string | null }

export type Factors = {
  password: boolean
  totp: { enrolled_at: string; last_used_at: string | null } | null
  passkeys: Passkey[]
  recovery_codes: { left: number; created_at: string } | null
  /** The accounts of the user that require a second factor. */
  required_by: { id: string; name: string }[]
  step_up: 'passkey' | 'totp' | 'password' | null
}

export const hasFactor = ({ totp, passkeys }: Factors) => totp !== null || passkeys.length > 0

type Success<Data> = { data: Data }

export const factorsQuery = queryOptions({
  queryKey: ['factors'],
  queryFn: async () => (await authGet<Success<Factors>>('factors')).data,
})

export type CodeProof = { code: string } | { recovery_code: string }

const optionsOf = async (path: string) => (await authPost<Success<RequestOptions>>(path)).data

/** Completes a sign-in that awaits a factor. */
export const completeSignIn = (proof: CodeProof) => authPost('factor', proof)

export async function completeSignInByPasskey(): Promise<void> {
  await authPost('factor', { passkey: await provePasskey(await optionsOf('factor/options')) })
}

/** Without a password. */
export async function signInByPasskey(): Promise<void> {
  const passkey = await provePasskey(await optionsOf('sign-in/passkey/options'))
  await authPost('sign-in/passkey', { passkey })
}

/** Proves the user of the session again. */
export const stepUp = (proof: { password: string } | { code: string }) => authPost('step-up', proof)

export async function stepUpByPasskey(): Promise<void> {
  await authPost('step-up', { passkey: await provePasskey(await optionsOf('step-up/options')) })
}
