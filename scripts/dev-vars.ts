// `.dev.vars`: the secrets of this clone. Made once, only ever added to, never printed.
import { randomBytes } from 'node:crypto'
import { appendFileSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { Refusal } from './settings.ts'

const secretOf = {
  TAG_SECRETS: () => randomSecret(32),
  AUTH_SECRETS: () => randomSecret(48),
  SETUP_TOKEN: () => randomSecret(24),
  DEMO_PASSWORD: () => randomSecret(12),
}
const names = Object.keys(secretOf) as (keyof typeof secretOf)[]

const header = `# The secrets of this clone's local Latchkey, made by \`npm start\`. Git does not see this file.
# The last one signs the demo people in; change it here and the next \`npm start\` takes it over.
`

/** Answers DEMO_PASSWORD, the one secret that these scripts themselves need. */
export function ensureDevVars(path: string): string {
  const before = read(path)
  if (before === null) create(path)
  else complete(path, before)
  const password = parseEnv(read(path) ?? '').DEMO_PASSWORD
  if (!password) throw new Refusal(`${path} cannot be understood: repair it, or delete it.`)
  return password
}

function create(path: string): void {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, header + lines(names), { mode: 0o600 })
  try {
    // Whole or not at all, and never over the file of another start in the same second.
    linkSync(draft, path)
    console.log(`Made ${path} with fresh secrets.`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
}

function complete(path: string, text: string): void {
  const present = parseEnv(text)
  // An empty value counts as absent: the line appended later wins.
  const missing = names.filter((name) => !present[name])
  if (missing.length === 0) return
  appendFileSync(path, (text === '' || text.endsWith('\n') ? '' : '\n') + lines(missing))
  console.log(`${path} lacked ${missing.join(', ')}: added, the rest left as it was.`)
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    throw new Refusal(`${path} cannot be read: ${message}`)
  }
}

function lines(wanted: (keyof typeof secretOf)[]): string {
  return wanted.map((name) => `${name}=${secretOf[name]()}\n`).join('')
}

/** A new value for a secret. @throws Refusal for one that cannot be made up */
export function freshSecret(name: string): string {
  if (name in secretOf) return secretOf[name as keyof typeof secretOf]()
  throw new Refusal(`${name} cannot be made up: it has to be given.`)
}

/** base64url has no comma (TAG_SECRETS is a list), no `#`, no quote. */
function randomSecret(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}
