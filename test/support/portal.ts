// Customers in the portal: a key that opens sessions, and sessions that have begun.
import { expect } from 'vitest'
import { makeKey } from './account.ts'
import type { TestApp } from './test-app.ts'

export const portalGrant = { scopes: ['keys:portal'], may_grant: {} }

export const customerInput = {
  external_id: 'customer-1',
  scopes: ['contacts:read', 'messages:read'],
  limits: { rate_limit: { limit: 100, window_seconds: 60 } },
}

/** A key that the host makes as the customer could. */
export const portalKeyBody = {
  ...{ external_id: customerInput.external_id, scopes: ['contacts:read'] },
  ...{ rate_limit: customerInput.limits.rate_limit, limits_by: 'external_id' },
}

/** For a customer with the keys of a whole test. */
export const manyKeys = { max_keys: 10_000 }

/** A key that opens sessions. @param as the JWT of an owner */
export function makeOpener(app: TestApp, as: string, body: Record<string, unknown> = {}) {
  return makeKey(app, as, { ...portalGrant, ...body })
}

export function openPortal(app: TestApp, opener: string, body: Record<string, unknown> = {}) {
  const all = { ...customerInput, ...body }
  return app.request('POST', '/api/v1/portal-sessions', { as: opener, body: all })
}

/** The code in the link of a new session. */
export async function portalCode(app: TestApp, opener: string, body: Record<string, unknown> = {}) {
  const opened = await openPortal(app, opener, body)
  expect(opened.status, opened.text).toBe(201)
  return codeOf(opened.body.data.url)
}

export function codeOf(url: string): string {
  return new URLSearchParams(new URL(url).hash.slice(1)).get('code') ?? ''
}

export function exchangeCode(app: TestApp, code: string) {
  // A separate address for each, so that none is throttled for another.
  const ip = [198, ...crypto.getRandomValues(new Uint8Array(3))].join('.')
  return app.request('POST', '/api/v1/portal/session', {
    body: { code },
    headers: { 'cf-connecting-ip': ip },
  })
}

/** The token of a session that has begun. */
export async function portalSession(
  app: TestApp,
  opener: string,
  body: Record<string, unknown> = {},
): Promise<string> {
  const begun = await exchangeCode(app, await portalCode(app, opener, body))
  expect(begun.status, begun.text).toBe(201)
  return begun.body.data.token
}

export const portalKeys = '/api/v1/portal/keys'

/** A key that a customer made. */
export async function makePortalKey(app: TestApp, as: string, body: Record<string, unknown> = {}) {
  const input = { name: 'Mine', scopes: ['contacts:read'], ...body }
  const made = await app.request('POST', portalKeys, { as, body: input })
  expect(made.status, made.text).toBe(201)
  return made.body.data as { id: string; key: string }
}
