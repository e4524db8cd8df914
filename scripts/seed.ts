// The demo accounts, by SQL: public sign-up is closed, so HTTP cannot create them. An account that exists
// is unchanged, so changes of roles and members survive a restart.
import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types'
import { hashPassword, verifyPassword } from 'better-auth/crypto'
import { acme, type DemoAccount, type DemoPerson, demoAccounts, globex } from './demo-accounts.ts'

type Seeding = { db: D1Database; password: string; now: number }
type Example = { seed(db: D1Database, accounts: { acme: string; globex: string }): Promise<void> }

/** The demo rows of the examples, by the binding of their database. */
const examples: Record<string, () => Promise<Example>> = {
  CRM_DB: () => import('../examples/crm/seed.ts'),
}

/**
 * `databases`: by binding.
 * @returns the names of the accounts that it created.
 */
export async function seedDemo(
  databases: Record<string, D1Database>,
  password: string,
): Promise<string[]> {
  const created = await seedPeople({ db: databases.DB as D1Database, password, now: Date.now() })
  for (const [binding, load] of Object.entries(examples)) {
    const { seed } = await load()
    await seed(databases[binding] as D1Database, { acme: acme.id, globex: globex.id })
  }
  return created
}

async function seedPeople({ db, password, now }: Seeding): Promise<string[]> {
  const absent: DemoAccount[] = []
  for (const demo of demoAccounts) if (!(await exists(db, demo))) absent.push(demo)
  const hash = await passwordHash(db, password, now)
  await db.batch([
    // Without the lock, SETUP_TOKEN would permit another first owner next to the demo owners.
    db.prepare('INSERT OR IGNORE INTO setup_lock (id, at) VALUES (1, ?)').bind(now),
    ...absent.flatMap((demo) => accountRows({ db, demo, hash, now })),
    db.prepare('INSERT OR IGNORE INTO platform (id, account_id) VALUES (1, ?)').bind(acme.id),
  ])
  return absent.map((demo) => demo.name)
}

async function exists(db: D1Database, { id, slug }: DemoAccount): Promise<boolean> {
  const found = db.prepare('SELECT 1 FROM organization WHERE id = ? OR slug = ?').bind(id, slug)
  return (await found.first()) !== null
}

/**
 * The hash to seed with. Demo people who exist and could not sign in with `password`, because
 * DEMO_PASSWORD was changed in .dev.vars, get it too. They share one hash (and its salt), so that
 * a start checks one scrypt instead of four.
 */
async function passwordHash(db: D1Database, password: string, now: number): Promise<string> {
  const stored = await db
    .prepare(
      `SELECT account.id, account.password FROM account JOIN user ON user.id = account.user_id
       WHERE account.provider_id = 'credential' AND user.email IN (SELECT value FROM json_each(?))`,
    )
    .bind(JSON.stringify(demoAccounts.flatMap((demo) => demo.people.map(({ email }) => email))))
    .all<{ id: string; password: string | null }>()
  const known = new Set(stored.results.map((row) => row.password))
  let current: string | null = null
  for (const hash of known) {
    if (current === null && hash && (await isHashOf(hash, password))) current = hash
  }
  const hash = current ?? (await hashPassword(password))
  const outdated = stored.results.filter((row) => row.password !== hash)
  if (outdated.length > 0) {
    const update = db.prepare('UPDATE account SET password = ?, updated_at = ? WHERE id = ?')
    await db.batch(outdated.map((row) => update.bind(hash, now, row.id)))
  }
  return hash
}

/** Better Auth throws on a hash that is not one of its own. */
function isHashOf(hash: string, password: string): Promise<boolean> {
  return verifyPassword({ hash, password }).catch(() => false)
}

type AccountSeeding = { db: D1Database; demo: DemoAccount; hash: string; now: number }

function accountRows({ db, demo, hash, now }: AccountSeeding): D1PreparedStatement[] {
  const organization = db
    .prepare('INSERT INTO organization (id, name, slug, created_at) VALUES (?, ?, ?, ?)')
    .bind(demo.id, demo.name, demo.slug, now)
  const people = demo.people.flatMap((person) => personRows({ db, demo, hash, now, person }))
  return [organization, ...people]
}

/** Works for a person who already exists, for example because only the account was deleted. */
function personRows(seeding: AccountSeeding & { person: DemoPerson }): D1PreparedStatement[] {
  const { db, demo, hash, now, person } = seeding
  const user = db.prepare(
    `INSERT INTO user (id, name, email, email_verified, created_at, updated_at)
     VALUES (?1, ?2, ?3, 1, ?4, ?4) ON CONFLICT DO NOTHING`,
  )
  const credential = db.prepare(
    `INSERT INTO account (id, account_id, provider_id, user_id, password, created_at, updated_at)
     SELECT ?1, user.id, 'credential', user.id, ?2, ?3, ?3 FROM user WHERE user.email = ?4
     AND NOT EXISTS (SELECT 1 FROM account AS other
                     WHERE other.user_id = user.id AND other.provider_id = 'credential')`,
  )
  const member = db.prepare(
    `INSERT INTO member (id, organization_id, user_id, role, created_at)
     SELECT ?1, ?2, user.id, ?3, ?4 FROM user WHERE user.email = ?5`,
  )
  return [
    user.bind(person.id, person.name, person.email, now),
    credential.bind(crypto.randomUUID(), hash, now, person.email),
    member.bind(crypto.randomUUID(), demo.id, person.role, now, person.email),
  ]
}
