// latchkey: the management and verification API for Node, Bun, Deno and Workers, on `fetch` alone.

export type { FieldError } from '../../../src/contract/problems.ts'
export type * from './account-types.ts'
export type { AccountCalls } from './accounts.ts'
export type { Client } from './client.ts'
export { createClient } from './create-client.ts'
export { LatchkeyError } from './error.ts'
export type { Items } from './pages.ts'
export type { NewPortalLink, NewPortalSession, PortalCalls } from './portal.ts'
export type { CallOptions, ClientOptions, IdempotencyOptions } from './transport.ts'
export type * from './types.ts'
