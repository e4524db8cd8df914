// A client: its calls over one transport.
import { accountCalls } from './accounts.ts'
import type { Client } from './client.ts'
import { catalogueCalls, keyCalls, verifyCalls } from './key-calls.ts'
import { portalCalls } from './portal.ts'
import { type ClientOptions, createTransport, type Transport } from './transport.ts'

/**
 * Creates a client of one deployment; makes no request.
 * @throws TypeError for a `url` that is no http URL or has a user, a query or a fragment; for an empty `key`.
 * @example
 * ```ts
 * const client = createClient({ url: 'https://keys.example.com', key: 'whm_…' })
 * ```
 */
export function createClient(options: ClientOptions): Client {
  const request = createTransport(options)
  const { account } = options
  const inAccount: Transport = (method, path, call) => request(method, path, { ...call, account })
  return {
    ...keyCalls(inAccount),
    ...catalogueCalls(inAccount),
    ...verifyCalls(request),
    accounts: accountCalls(request),
    portal: portalCalls(request),
  }
}
