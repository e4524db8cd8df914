// What fills in the form of a new key: a link, a template, or another key.
import { describe, expect, it } from 'vitest'
import type { Key, KeyTemplate } from '../../src/dashboard/keys/api.ts'
import { emptyDraft } from '../../src/dashboard/keys/key-draft.ts'
import {
  proposalOfCopy,
  proposalOfLink,
  proposalOfTemplate,
} from '../../src/dashboard/keys/new-key-link.ts'

const nowMs = Date.parse('2026-11-29T12:00:00Z')
const scope = (name: string, reserved = false) => ({
  ...{ scope: name, description: name, reserved, resource: name === 'contacts:read' },
  ...{ wildcard: !reserved, roles: ['owner' as const, 'admin' as const] },
})
const format = (name: string) => ({
  ...{ format: name, prefix: `${name}_`, alphabet: 'hex' as const, length: 32 },
  ...{ environment: 'live', default: name === 'whm' },
})
const context = {
  catalogue: [scope('contacts:read'), scope('contacts:write'), scope('keys:manage', true)],
  formats: [format('whm'), format('wacrm_live')],
  role: 'admin' as const,
  nowMs,
}
const ofLink = (query: string, role: 'admin' | 'owner' = 'admin') =>
  proposalOfLink(new URLSearchParams(query), { ...context, role })

describe('a link', () => {
  it('without fields fills in nothing', () => {
    expect(ofLink('')).toBeNull()
    expect(ofLink('template=Reader')).toBeNull()
  })

  it.each([
    ['name=%20CI%20', { name: 'CI' }],
    [`name=${'x'.repeat(90)}`, { name: 'x'.repeat(80) }],
    ['scopes=contacts:read,contacts:write', { scopes: ['contacts:read', 'contacts:write'] }],
    ['scopes=contacts:read&scopes=contacts:read', { scopes: ['contacts:read'] }],
    ['scopes=contacts:*', { scopes: ['contacts:*'] }],
    ['scopes=', { scopeChoice: 'none', scopes: [] }],
    ['expires=30', { expiry: '30' }],
    ['expires=never', { expiry: 'never' }],
    ['expires=2027-01-31', { expiry: 'date', date: '2027-01-31' }],
    ['format=wacrm_live', { format: 'wacrm_live' }],
    ['external_id=%20a%20', { externalId: 'a' }],
    ['allowed_ips=192.0.2.1,2001:db8::/32', { addresses: '192.0.2.1\n2001:db8::/32' }],
  ])('%s fills in %j', (query, draft) => {
    expect(ofLink(query)).toMatchObject({ draft, notes: [] })
  })

  it.each([
    ['scopes=contacts:fly', 'No scope is called “contacts:fly”.'],
    ['scopes=keys:manage', 'keys:manage: Only owners can grant this scope.'],
    ['expires=0', '“0” is no number of days, no day to come and not “never”.'],
    ['expires=2020-01-01', '“2020-01-01” is no number of days, no day to come and not “never”.'],
    ['format=ghp', 'No token format is called “ghp”.'],
    ['__proto__=x', '“__proto__” is no field of a link.'],
    [`${'y'.repeat(70)}=x`, `“${'y'.repeat(60)}…” is no field of a link.`],
  ])('%s is not filled in, and says so', (query, note) => {
    expect(ofLink(query)).toEqual({
      draft: { ...emptyDraft, ...(query.startsWith('scopes') && { scopes: [] }) },
      notes: [note],
    })
  })

  it('fills in a reserved scope for an owner', () => {
    expect(ofLink('scopes=keys:manage', 'owner')).toMatchObject({
      draft: { scopes: ['keys:manage'] },
      notes: [],
    })
  })
})

const template: KeyTemplate = {
  ...{ template: 'Reader', description: 'Reads', name: null, scopes: null, format: null },
  ...{ expires_in_days: null, never_expires: false, allowed_ips: null, rate_limit: null },
  metadata: null,
}

describe('a template', () => {
  it('leaves what it does not name as in an empty form', () => {
    expect(proposalOfTemplate(template, context)).toEqual({ draft: emptyDraft, notes: [] })
  })

  it('fills in what it names, and says which scope the person cannot grant', () => {
    const { draft, notes } = proposalOfTemplate(
      {
        ...template,
        ...{ name: 'Sync', scopes: ['contacts:read', 'keys:manage'], format: 'wacrm_live' },
        ...{ expires_in_days: 7, allowed_ips: ['192.0.2.1'], metadata: { team: 'a' } },
        rate_limit: [{ name: '60s', limit: 5, window_seconds: 60 }],
      },
      context,
    )
    expect(draft).toMatchObject({
      ...{ name: 'Sync', scopes: ['contacts:read'], format: 'wacrm_live', expiry: '7' },
      ...{ addresses: '192.0.2.1', metadata: '{\n  "team": "a"\n}' },
      limits: { windows: [{ limit: '5', count: '1', unit: 'minute' }], hasCredits: false },
    })
    expect(notes).toEqual(['keys:manage: Only owners can grant this scope.'])
  })

  it('may say that the key never expires', () => {
    const { draft } = proposalOfTemplate({ ...template, never_expires: true }, context)
    expect(draft.expiry).toBe('never')
  })
})

describe('a copy', () => {
  const key = {
    ...{ name: 'Sync', format: 'gone', scopes: null, allowed_ips: null, external_id: 'a' },
    ...{ metadata: { a: 1 }, rate_limit: null, credits: null, limits_by: 'key', may_grant: null },
    ...{ created_at: '2026-01-01T00:00:00.000Z', expires_at: '2026-03-02T00:00:00.000Z' },
  } as unknown as Key

  it('has the grant, the metadata and the lifetime of the key, and says what is another one', () => {
    const { draft, notes } = proposalOfCopy(key, context)
    expect(draft).toMatchObject({
      ...{ name: 'Sync (copy)', format: '', scopeChoice: 'inherit', externalId: 'a' },
      ...{ metadata: '{\n  "a": 1\n}', expiry: 'date', date: '2027-01-28' },
    })
    expect(notes).toEqual([
      'It inherits your permissions, not those of another creator.',
      'No token format is called “gone” any more.',
    ])
  })
})
