// Applies the rules of the layers (scripts/generate/layers.ts) and of import cycles to every file of src/ by name,
// so that a rule that reads no file cannot pass.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { layers } from './generate/layers.ts'

const files = globSync('src/**/*.{ts,tsx}')
const modules = [...layers.flat(), 'src/dashboard']

const unassigned = files.filter((file) => {
  return modules.filter((each) => file === each || file.startsWith(`${each}/`)).length !== 1
})
if (unassigned.length > 0) fail(`In no layer, or in more than one: ${unassigned.join(', ')}`)

const only = ['style/noRestrictedImports', 'suspicious/noImportCycles'].map(
  (rule) => `--only=${rule}`,
)
const args = ['lint', '--error-on-warnings', ...only, ...files]
const { status, stdout, stderr } = spawnSync('node_modules/.bin/biome', args, { encoding: 'utf8' })
if (status !== 0) fail(`${stdout}${stderr}`)
const checked = Number(/Checked (\d+) files/.exec(stdout)?.[1])
if (checked !== files.length) fail(`Biome checked ${checked} of ${files.length} files.`)
console.log(`Layers: ${checked} files in ${modules.length} modules, no import upward, no cycle.`)

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
