// The tables of a usage object, and its statements: every read goes by a primary key.

export const tables = [
  'CREATE TABLE IF NOT EXISTS account (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)',
  `CREATE TABLE IF NOT EXISTS usage_day (account INTEGER NOT NULL, key TEXT NOT NULL, day INTEGER NOT NULL,
    total INTEGER NOT NULL, last_at INTEGER NOT NULL, counts TEXT NOT NULL,
    PRIMARY KEY (account, key, day)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS usage_group (account INTEGER NOT NULL, kind INTEGER NOT NULL, value TEXT NOT NULL,
    day INTEGER NOT NULL, total INTEGER NOT NULL, counts TEXT NOT NULL,
    PRIMARY KEY (account, kind, value, day)) WITHOUT ROWID`,
  'CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS seen (bucket INTEGER PRIMARY KEY, ids TEXT NOT NULL)',
  `CREATE TABLE IF NOT EXISTS tier_hour (hour INTEGER NOT NULL, region TEXT NOT NULL, tier TEXT NOT NULL,
    count INTEGER NOT NULL, PRIMARY KEY (hour, region, tier)) WITHOUT ROWID`,
]

export const statements = {
  journal: 'SELECT seq, at, body FROM journal ORDER BY seq',
  unlog: 'DELETE FROM journal WHERE seq IN (SELECT value FROM json_each(?))',
  log: 'INSERT INTO journal VALUES (?, ?, ?)',
  ids: 'SELECT ids FROM seen WHERE bucket = ?',
  keepIds: 'INSERT OR REPLACE INTO seen VALUES (?, ?)',
  account: 'SELECT no FROM account WHERE id = ?',
  addAccount: 'INSERT INTO account (id) VALUES (?) RETURNING no',
  removeAccount: 'DELETE FROM account WHERE no = ?',
  day: 'SELECT counts, last_at AS lastValidAt FROM usage_day WHERE account = ? AND key = ? AND day = ?',
  keepDay: 'INSERT OR REPLACE INTO usage_day VALUES (?, ?, ?, ?, ?, ?)',
  group: 'SELECT counts FROM usage_group WHERE account = ? AND kind = ? AND value = ? AND day = ?',
  keepGroup: 'INSERT OR REPLACE INTO usage_group VALUES (?, ?, ?, ?, ?, ?)',
  daysOfKey:
    'SELECT day, counts FROM usage_day WHERE account = ? AND key = ? AND day BETWEEN ? AND ?',
  daysOfGroup: `SELECT day, counts FROM usage_group
    WHERE account = ? AND kind = ? AND value = ? AND day BETWEEN ? AND ?`,
  // The first value may be the empty text, which is after no other.
  totalsOfKeys: `SELECT key AS value, day, total, CASE WHEN day IN (?1, ?2) THEN counts END AS counts
    FROM usage_day WHERE account = ?3 AND key > ?4 ORDER BY key, day LIMIT ?5`,
  totalsOfGroup: `SELECT value, day, total, CASE WHEN day IN (?1, ?2) THEN counts END AS counts
    FROM usage_group WHERE account = ?3 AND kind = ?6 AND value > ?4 ORDER BY value, day LIMIT ?5`,
  totalsOfWholeGroup: `SELECT value, day, total, CASE WHEN day IN (?1, ?2) THEN counts END AS counts
    FROM usage_group WHERE account = ?3 AND kind = ?6 AND value >= ?4 ORDER BY value, day LIMIT ?5`,
  lastValid: `SELECT key, max(last_at) AS at FROM usage_day
    WHERE account = ? AND key IN (SELECT value FROM json_each(?)) GROUP BY key HAVING at > 0`,
  daysAfter: `SELECT key, day, counts FROM usage_day
    WHERE account = ? AND (key, day) > (?, ?) ORDER BY key, day LIMIT ?`,
  addTier: `INSERT INTO tier_hour VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count`,
  tiers: 'SELECT hour, region, tier, count FROM tier_hour WHERE hour >= ?',
  forgetDays: `DELETE FROM usage_day WHERE account = ?1 AND (key, day) IN
    (SELECT key, day FROM usage_day WHERE account = ?1 LIMIT ?2)`,
  forgetGroups: `DELETE FROM usage_group WHERE account = ?1 AND (kind, value, day) IN
    (SELECT kind, value, day FROM usage_group WHERE account = ?1 LIMIT ?2)`,
  pruneIds: 'DELETE FROM seen WHERE bucket < ?',
  pruneTiers: 'DELETE FROM tier_hour WHERE hour <= ?',
  newestBucket: 'SELECT max(bucket) AS n FROM seen',
  newestTier: 'SELECT max(hour) AS n FROM tier_hour',
} as const
