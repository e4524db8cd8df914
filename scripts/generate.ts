// `npm run generate`: writes the files that are derived from the source. `--check` fails when one of
// them is not current.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderErrors } from './generate/errors.ts'
import { renderLayers } from './generate/layers.ts'
import { renderLicences } from './generate/licences.ts'
import { renderPermissions } from './generate/permissions.ts'
import { root } from './settings.ts'

const files: Record<string, () => string> = {
  'biome.layers.json': renderLayers,
  'docs/errors.md': renderErrors,
  'docs/licences.md': renderLicences,
  'docs/permissions.md': renderPermissions,
}

const isCheck = process.argv.includes('--check')

for (const [file, render] of Object.entries(files)) {
  const path = join(root, file)
  const text = render()
  if (!isCheck) writeFileSync(path, text)
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${file} is not current: npm run generate`)
    process.exitCode = 1
  }
}
