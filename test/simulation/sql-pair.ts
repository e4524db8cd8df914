// The doubles' tables and the real SQL of src/storage in SQLite, side by side.
import type { SQLInputValue } from 'node:sqlite'
import { createKeyChanges, type KeyChanges, type NewKey } from '../../src/storage/key-changes.ts'
import { History } from './history.ts'
import type { Random } from './random.ts'
import { applyMigrations, openD1 } from './sqlite.ts'
import { Tables } from './tables.ts'

export const account = 'aaaa'
/** Where there is none, an account that is reopened becomes it. */
const platform = 'cccc'
export const users = ['u', 'v']
export const fences = ['weur/0-of-1', 'enam/0-of-1', 'afr/0-of-1']

export class Pair {
  readonly sqlite = openD1(':memory:')
  readonly tables: Tables
  readonly changes: KeyChanges
  /** Ahead of the real time, so that the clock in the triggers has no effect. */
  now = Date.now() + 1e9
  private keyCount = 0

  /** @param perBatch how many keys of a bulk change one batch writes. */
  constructor(perBatch: number) {
    const { now } = this
    this.tables = new Tables(new History(), 100, perBatch)
    this.changes = createKeyChanges(this.sqlite.d1, perBatch)
    applyMigrations(this.sqlite.database)
    for (const user of users) {
      this.run(`INSERT INTO user VALUES (?, ?, ?, 1, NULL, 0, 0)`, [user, user, user])
    }
    for (const id of [platform, account, 'bbbb']) {
      this.run('INSERT INTO organization (id, name, slug, created_at) VALUES (?, ?, ?, ?)', [
        id,
        id,
        id,
        now,
      ])
    }
    this.run('INSERT INTO platform (id, account_id) VALUES (1, ?)', [platform])
  }

  run(sql: string, values: SQLInputValue[]): void {
    this.sqlite.database.prepare(sql).run(...values)
  }

  newKey(random: Random): NewKey {
    const number = ++this.keyCount
    return {
      id: `id${number}`,
      digest: number.toString(16).padStart(64, '0'),
      accountId: random.is(0.8) ? account : 'bbbb',
      name: 'n',
      format: 'whm',
      keyPrefix: 'p',
      scopes: random.one([null, ['x'], [], ['keys:manage']]),
      grantedBy: random.one([...users, null]),
      createdBy: random.one([...users, null]),
      externalId: random.one(['e', null]),
      createdAt: this.now,
      expiresAt: null,
      allowedIps: null,
      metadata: null,
      rateLimit: random.one([null, [{ name: 'default', limit: 2, windowSeconds: 60 }]]),
      credits: random.one([null, { remaining: 5, since: this.now, refill: null }]),
      limitsBy: random.one(['key', 'external_id'] as const),
      meterId: random.one([null, 'm']),
    }
  }
}

export function someDigests({ tables }: Pair, random: Random): string[] {
  return [...tables.keys.keys()].filter(() => random.is(0.3))
}

export function sorted(list: readonly unknown[]): string[] {
  return list.map((item) => JSON.stringify(item, Object.keys(Object(item)).sort())).sort()
}

/** The contents of both, in one form. */
export function contents({ sqlite: { database }, tables }: Pair): [unknown, unknown] {
  const all = (sql: string) => database.prepare(sql).all()
  const rows = (sql: string) => sorted(all(sql))
  const keys = [...tables.keys.values()].map(({ digest, seq, disabled, revokedAt, scopes }) => ({
    digest,
    seq,
    disabled: disabled ? 1 : 0,
    revoked_at: revokedAt,
    scopes: scopes && JSON.stringify(scopes),
  }))
  const listed = [...tables.fences].map(([name, { region, seq }]) => ({ name, region, seq }))
  const raises = [...tables.raises.values()].map(({ fence, subject, seq }) => ({
    fence,
    subject,
    seq,
  }))
  return [
    [
      all('SELECT coalesce((SELECT value FROM sequence), 0) AS value')[0]?.value,
      rows('SELECT digest, seq, disabled, revoked_at, scopes FROM api_key'),
      rows('SELECT name, region, seq FROM fence'),
      rows('SELECT fence, subject, seq FROM pending_raise'),
    ],
    [tables.counter, sorted(keys), sorted(listed), sorted(raises)],
  ]
}
