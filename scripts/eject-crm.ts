// `npm run eject:crm`: removes the example CRM and leaves an empty gateway: no scope, no route, no upstream API.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './settings.ts'

type Edit = [find: string | RegExp, put: string]

const noApi = `{
      fetch: () => new Response('Set gateway.upstream in latchkey.config.ts.', { status: 501 }),
    }`

const edits: Record<string, Edit[]> = {
  'latchkey.config.ts': [
    [/ `npm run eject:crm` removes the settings[^\n]*/, ''],
    ["import { crm } from './examples/crm/gateway.ts'\n", ''],
    ['scopes: { ...crm.scopes }', 'scopes: {}'],
    ['scopes: [...crm.memberScopes]', 'scopes: []'],
    ['crm: [...crm.routes]', 'api: []'],
    ["policy: 'crm'", "policy: 'api'"],
    ['upstream: crm.upstream', `upstream: ${noApi}`],
  ],
  'wrangler.toml': [
    [', "examples/crm"', ''],
    [/# The data of the example CRM[^\n]*\n\[\[d1_databases\]\]\n(?:\w+ = [^\n]*\n)+\n/, ''],
    [/\[\[env\.staging\.d1_databases\]\]\nbinding = "CRM_DB"\n(?:\w+ = [^\n]*\n)+\n/, ''],
  ],
  'scripts/seed.ts': [["  CRM_DB: () => import('../examples/crm/seed.ts'),\n", '']],
  'package.json': [
    [/ {6}"CRM_DB": \{\n[^}]*\},\n/, ''],
    [/,\n {4}"eject:crm": "[^"]*"/, ''],
  ],
  '.gitattributes': [[/examples\/crm\/[^\n]*\n/, '']],
}

for (const [file, list] of Object.entries(edits)) {
  const path = join(root, file)
  writeFileSync(
    path,
    list.reduce((text, edit) => replaceOnce(file, text, edit), readFileSync(path, 'utf8')),
  )
}
rmSync(join(root, 'examples', 'crm'), { recursive: true })
rmSync(import.meta.filename)
run('wrangler', 'types', '--include-runtime=false')
run('node', 'scripts/generate.ts')
run('biome', 'check', '--write', '.')
console.log('Removed the example CRM. Pages that still mention it:')
console.log(
  execFileSync('git', ['grep', '-lE', 'examples/crm|CRM_DB', '--', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  }),
)

function replaceOnce(file: string, text: string, [find, put]: Edit): string {
  const [before, after, ...more] = text.split(find)
  if (before !== undefined && after !== undefined && more.length === 0) return before + put + after
  throw new Error(
    `${file} does not have exactly once: ${find}. Undo with git, and remove the CRM by hand.`,
  )
}

function run(program: string, ...args: string[]): void {
  execFileSync(join(root, 'node_modules', '.bin', program), args, { cwd: root, stdio: 'inherit' })
}
