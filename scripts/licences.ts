// `npm run licences`: docs/licences.md, the licences of what a deployment contains: the Worker's
// dependencies and those that the dashboard imports, with theirs. `--check`: fails when it is not current.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal, root } from './settings.ts'

type Entry = {
  version: string
  license?: string
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

const path = join(root, 'docs', 'licences.md')
/** Those that ask for no more than to be named, if that. Another one wants a decision of ours first. */
const known = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
]

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Entry>
}
const shipped = new Map<string, Entry>()
for (const name of Object.keys(packages['']?.dependencies ?? {})) add(name, '')
for (const name of importedByDashboard()) add(name, '')
const page = render()
if (!process.argv.includes('--check')) writeFileSync(path, page)
else if (readFileSync(path, 'utf8') !== page) {
  console.error('docs/licences.md is not current: npm run licences')
  process.exit(1)
}

/** Adds the package that `name` means for the package at `from`, and what it needs. */
function add(name: string, from: string): void {
  const at = locate(name, from)
  // A peer that is not installed is an optional one.
  if (at === null || shipped.has(at)) return
  const entry = packages[at] as Entry
  shipped.set(at, entry)
  const { dependencies = {}, peerDependencies = {} } = entry
  for (const needed of Object.keys({ ...dependencies, ...peerDependencies })) {
    if (!isTool(needed)) add(needed, at)
  }
}

/** As Node resolves it: the nearest node_modules upwards. */
function locate(name: string, from: string): string | null {
  for (
    let folder = from;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  ) {
    const at = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (packages[at]) return at
    if (folder === '') return null
  }
}

/** Peers that packages name for their builders' or testers' sake: nothing of them is deployed. */
function isTool(name: string): boolean {
  return /^(@types\/|vitest$|vite$|typescript$|drizzle-kit$|@cloudflare\/workers-types$)/.test(name)
}

function importedByDashboard(): Set<string> {
  const files = globSync('src/dashboard/**/*.{ts,tsx,css}', { cwd: root })
  const texts = files.map((file) => readFileSync(join(root, file), 'utf8'))
  const sources = texts.flatMap((text) => [
    ...text.matchAll(/(?:from|import\(?)\s+?['"]([^'".][^'"]*)['"]/g),
  ])
  const names = sources.map(([, source = '']) =>
    source
      .split('/')
      .slice(0, source.startsWith('@') ? 2 : 1)
      .join('/'),
  )
  return new Set(names.filter((name) => packages[`node_modules/${name}`]))
}

function render(): string {
  const rows = [...shipped].map(([at, { version, license = 'unknown' }]) => {
    const name = at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length)
    if (
      !license
        .split(/ OR | AND |[()]/)
        .filter(Boolean)
        .every((one) => known.includes(one))
    ) {
      throw new Refusal(
        `${name} ${version} is under ${license}: decide on it, then add it to the list.`,
      )
    }
    return `| ${name} | ${version} | ${license} |`
  })
  const counted = `${rows.length} packages`
  return `# Under which licences is what a deployment contains?

Written by \`npm run licences\` from package-lock.json: ${counted}, the Worker's dependencies and those that the
dashboard imports, with theirs. Bundling leaves out much of them. Latchkey itself is under the MIT licence.

| package | version | licence |
|---|---|---|
${[...new Set(rows)].sort().join('\n')}
`
}
