// Applies the rules of the layers (scripts/generate/layers.ts) to every file of src/, and those of import cycles to the
// whole tree, by name: a rule that reads no file cannot pass.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { layers } from './generate/layers.ts'

const files = globSync('src/**/*.{ts,tsx}')
const others = globSync('{bench,examples,packages,research,scripts,test}/**/*.ts', {
  exclude: [
    ...['**/node_modules/**', '**/dist/**', '**/.work/**', '**/worker-configuration.d.ts'],
    // Made by a test that may run at the same time: Biome leaves out what Git ignores.
    ...['test/system/clients/latchkey.d.ts', 'test/system/clients/latchkey-client/**'],
  ],
})
const modules = [...layers.flat(), 'src/dashboard', 'src/portal-page']

const unassigned = files.filter((file) => {
  return modules.filter((each) => file === each || file.startsWith(`${each}/`)).length !== 1
})
if (unassigned.length > 0) fail(`In no layer, or in more than one: ${unassigned.join(', ')}`)

const only = ['style/noRestrictedImports', 'suspicious/noImportCycles'].map(
  (rule) => `--only=${rule}`,
)
const args = ['lint', '--error-on-warnings', ...only, ...files, ...others]
const { status, stdout, stderr } = spawnSync('node_modules/.bin/biome', args, { encoding: 'utf8' })
if (status !== 0) fail(`${stdout}${stderr}`)
const checked = Number(/Checked (\d+) files/.exec(stdout)?.[1])
const count = files.length + others.length
if (checked !== count) fail(`Biome checked ${checked} of ${count} files.`)
console.log(
  `Layers: ${files.length} files in ${modules.length} modules, no import upward; no cycle in ${count} files.`,
)

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
