// The browser's part of passkeys (WebAuthn), loaded when one is used.
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/browser'
import { ApiProblem } from './problem.ts'

export type CreationOptions = PublicKeyCredentialCreationOptionsJSON
export type RequestOptions = PublicKeyCredentialRequestOptionsJSON
export type NewPasskey = RegistrationResponseJSON
export type PasskeyProof = AuthenticationResponseJSON

const load = () => import('@simplewebauthn/browser')

/** Browsers have it on secure origins only. */
export const hasPasskeys = () => 'PublicKeyCredential' in globalThis

/** @throws ApiProblem */
export async function createPasskey(optionsJSON: CreationOptions): Promise<NewPasskey> {
  const { startRegistration } = await load()
  return startRegistration({ optionsJSON }).catch(fail)
}

/** @throws ApiProblem */
export async function provePasskey(optionsJSON: RequestOptions): Promise<PasskeyProof> {
  const { startAuthentication } = await load()
  return startAuthentication({ optionsJSON }).catch(fail)
}

const details: Record<string, string> = {
  InvalidStateError: 'This device or password manager holds a passkey of yours already.',
  NotSupportedError: 'This device cannot make passkeys that check who uses them.',
  SecurityError: 'Passkeys do not work at the address of this page.',
}

/** Browsers do not tell a person who cancels from one who has no passkey. */
function fail(cause: unknown): never {
  const name = cause instanceof Error ? cause.name : ''
  throw new ApiProblem({
    title: 'No passkey was used',
    detail: details[name] ?? 'It was cancelled, took too long, or this device has none that fits.',
    status: 0,
    code: 'no_passkey',
    requestId: null,
    cause,
  })
}
