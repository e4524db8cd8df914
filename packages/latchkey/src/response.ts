// What the frameworks share whose requests and responses are those of the web.
import {
  type Admission,
  type BindingOptions,
  createAdmission,
  type Optional,
  type VerifyOptions,
} from './admission.ts'
import { addressByCloudflare } from './client-address.ts'
import type { Refused } from './refusal.ts'
import type { HttpOptions, LatchkeyBinding } from './verifier.ts'

/** A binding may be a function, for a framework that has it only during a request. */
export type WebOptions = VerifyOptions<Request> &
  (HttpOptions<Request> | BindingOptions<LatchkeyBinding | (() => LatchkeyBinding)>)

export function createWebAdmission(
  options: WebOptions & Optional,
  addressOf: (request: Request) => string | null | undefined = addressByCloudflare,
): (request: Request) => Promise<Admission> {
  const { binding } = options
  const factsOf = (request: Request) => ({
    headers: request.headers,
    clientAddress: addressOf(request),
    cf: (request as { cf?: unknown }).cf,
  })
  if (!binding) return createAdmission(options, factsOf)
  return createAdmission(options, factsOf, typeof binding === 'function' ? binding : () => binding)
}

export function responseOf(refused: Refused): Response {
  return new Response(refused.body, refused)
}
