// `npx node research/world/main.ts`: runs the model and writes the tables and charts of docs/world.md.
// Options: --seed N, --requests N (for each city, rate and design), --revocations N (for each rate and design),
// --dry (writes nothing).
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { charts } from './charts/index.ts'
import { inputsWith } from './inputs.ts'
import { fill, tables } from './page.ts'
import { run } from './results.ts'
import { sensitivity } from './sensitivity.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    requests: { type: 'string', default: '240' },
    revocations: { type: 'string', default: '200' },
    dry: { type: 'boolean', default: false },
  },
})
const size = {
  seed: Number(values.seed),
  requests: Number(values.requests),
  revocations: Number(values.revocations),
}

const startedAt = Date.now()
const results = run(inputsWith(), size)
const study = sensitivity({
  ...size,
  requests: size.requests / 4,
  revocations: size.revocations / 2,
})
const parts = tables(results, study)
for (const name of ['summary', 'latency', 'manyKeys', 'revocation'] as const) {
  console.log(`\n${name}\n${parts[name]}`)
}
if (!values.dry) {
  const docs = join(import.meta.dirname, '..', '..', 'docs')
  const page = join(docs, 'world.md')
  writeFileSync(page, fill(readFileSync(page, 'utf8'), parts))
  for (const [name, chart] of Object.entries(charts(results, study))) {
    writeFileSync(join(docs, 'images', name), chart)
  }
}
console.log(
  `\nA model, not a measurement. Seed ${size.seed}, ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`,
)
