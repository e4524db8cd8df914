// Imports keys of another system, a hundred at a time:
//   LATCHKEY_URL=… LATCHKEY_JWT=… npx node scripts/import-keys.ts keys.json --format unkey --scopes contacts:read
// keys.json is a list of { digest, name, key_prefix?, scopes?, expires_at?, external_id?, metadata? }, as
// the pages docs/moving-from-*.md export it. The JWT is an owner's, from GET /api/auth/token at most ten
// minutes after the sign-in. It may be run again: existing keys are unchanged.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

type Row = { digest: string } & Partial<Record<(typeof optional)[number], unknown>>
const optional = ['name', 'key_prefix', 'scopes', 'expires_at', 'external_id', 'metadata'] as const

type Settings = { format: string; scopes: string[] | undefined }
type Result = { result: string; detail?: string; errors?: { path: string; message: string }[] }

const maxConcurrency = 100

/** An error in the input: only its message is printed. */
class InputError extends Error {}

/** @throws InputError naming the place of the input that could not be read. */
function attempt<T>(place: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof InputError) throw cause
    throw new InputError(`${place}: ${cause instanceof Error ? cause.message : cause}`)
  }
}

const { values, positionals } = parseArgs({
  options: { format: { type: 'string' }, scopes: { type: 'string' } },
  allowPositionals: true,
})
const [file] = positionals
const { LATCHKEY_URL: url, LATCHKEY_JWT: jwt } = process.env

try {
  const counts = await importFile()
  console.log(
    [...counts].map(([result, count]) => `${count} ${result}`).join(', ') || 'There were no keys.',
  )
  const refusals = ['invalid', 'forbidden', 'quota_exceeded']
  if (refusals.some((result) => counts.has(result))) process.exitCode = 1
} catch (error) {
  if (!(error instanceof InputError)) throw error
  console.error(error.message)
  process.exitCode = 1
}

async function importFile(): Promise<Map<string, number>> {
  if (!file || !values.format || !url || !jwt) {
    throw new InputError(
      'Usage: LATCHKEY_URL=… LATCHKEY_JWT=… node scripts/import-keys.ts keys.json --format NAME [--scopes a,b]',
    )
  }
  const scopes = values.scopes?.split(',').filter((scope) => scope !== '')
  return importAll(readRows(file), { format: values.format, scopes })
}

function readRows(file: string): Row[] {
  const rows = attempt(file, () => JSON.parse(readFileSync(file, 'utf8')) as unknown)
  if (!Array.isArray(rows)) throw new InputError(`${file}: not a list of keys`)
  return rows.map((row: unknown, at) => {
    if (typeof row === 'object' && row !== null) return row as Row
    throw new InputError(`Row ${at + 1}: not an object`)
  })
}

async function importAll(rows: Row[], settings: Settings): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const count = (result: string) => counts.set(result, (counts.get(result) ?? 0) + 1)
  const keys = rows.map((row, at) => ({ label: labelOf(row, at), ...entryOf(row, at, settings) }))
  const live = keys.filter(({ entry }) => !isOver(entry.expires_at))
  for (let each = live.length; each < keys.length; each++) count('expired')
  for (let at = 0; at < live.length; at += maxConcurrency) {
    const batch = live.slice(at, at + maxConcurrency)
    const results = await send(batch.map(({ entry }) => entry))
    for (const [place, result] of results.entries()) {
      count(result.result)
      const why = result.detail ?? result.errors?.map((error) => `${error.path} ${error.message}`)
      if (why !== undefined) console.error(`${batch[place]?.label}: ${why}`)
    }
  }
  return counts
}

function labelOf({ name }: Row, at: number): string {
  return `Row ${at + 1} (${name ?? 'without a name'})`
}

function entryOf(row: Row, at: number, { format, scopes }: Settings) {
  const read = <T>(field: keyof Row, work: (value: unknown) => T): T =>
    attempt(`${labelOf(row, at)}, ${field}`, () => work(row[field]))
  const held = read('scopes', parsed) ?? scopes
  // Without scopes, the key would inherit all rights of its importer.
  if (held === undefined) throw new InputError('Set --scopes for the keys ("" for none).')
  const entry = {
    digest: row.digest,
    format,
    // By code points: half a surrogate pair is not valid text.
    name: [...String(row.name ?? 'Imported')].slice(0, 80).join(''),
    key_prefix: row.key_prefix,
    scopes: held,
    expires_at: read('expires_at', timeOf),
    external_id: row.external_id,
    metadata: read('metadata', parsed),
  }
  const given = Object.entries(entry).filter(([, value]) => value !== undefined && value !== null)
  return { entry: Object.fromEntries(given) as typeof entry }
}

/** Some databases hold JSON as text. */
function parsed(value: unknown): unknown {
  return typeof value === 'string' && value !== '' ? JSON.parse(value) : (value ?? undefined)
}

/** Seconds or milliseconds since 1970, or a date, which without a zone is in UTC. */
function timeOf(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined
  if (typeof value === 'number') return new Date(value < 1e11 ? value * 1000 : value).toISOString()
  const text = String(value)
  const hasZone = /(Z|[+-]\d\d(:?\d\d)?)$/i.test(text.slice(10))
  return new Date(hasZone ? text : `${text.replace(' ', 'T')}Z`).toISOString()
}

function isOver(time: string | undefined): boolean {
  return time !== undefined && Date.parse(time) <= Date.now()
}

async function send(keys: object[]): Promise<Result[]> {
  const sent = fetch(new URL('/api/api-keys/import', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' },
    body: JSON.stringify({ keys }),
  })
  const response = await sent.catch((cause: Error) => {
    throw new InputError(`No response from ${url}: ${cause.message}`)
  })
  const answer = (await response.json().catch(() => ({}))) as { data?: Result[]; detail?: string }
  if (answer.data !== undefined) return answer.data
  throw new InputError(`${response.status}: ${answer.detail ?? 'not a response of Latchkey'}`)
}
