// `npx node bench/page.ts`: generates docs/performance.md and its charts from the committed results.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { anonymousSection } from './page/anonymous.ts'
import type { BenchResults, ScaleResults, StartupResults } from './page/results.ts'
import { scaleSection } from './page/scale.ts'
import { startupSection } from './page/startup.ts'
import { verificationSection } from './page/verification.ts'
import { resultsFolder, root } from './support/places.ts'

export function writePage(): void {
  const parts = [
    '# How fast is it?',
    'These figures were measured in one workerd on one machine, not on Cloudflare. [world.md](world.md) models the worldwide network. The commands named on this page generate it.',
    ...section<BenchResults>('bench', verificationSection),
    ...anonymousSection(),
    ...section<StartupResults>('startup', startupSection),
    ...section<ScaleResults>('scale', scaleSection),
  ]
  mkdirSync(join(root, 'docs'), { recursive: true })
  writeFileSync(join(root, 'docs', 'performance.md'), `${parts.join('\n\n')}\n`)
}

function section<Results>(name: string, write: (results: Results) => string[]): string[] {
  const file = join(resultsFolder, `${name}.json`)
  return existsSync(file) ? write(JSON.parse(readFileSync(file, 'utf8')) as Results) : []
}

if (import.meta.main) writePage()
