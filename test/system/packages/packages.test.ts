// What other programs import: the npm package, the example and the migration guides.
import { execFileSync } from 'node:child_process'
import { before, describe } from 'node:test'
import { root } from '../../support/system/launch.ts'
import { testExample } from './example.ts'
import { testMoving } from './moving.ts'
import { testPackage } from './package.ts'

// The example imports the build of the workspace.
before(() => {
  execFileSync('npm', ['run', 'build', '-w', 'latchkey'], { cwd: root, stdio: 'pipe' })
})

describe('examples/hono-worker and Latchkey, two Workers', testExample)
describe('packages/latchkey', testPackage)
describe('docs/moving-from-*.md', testMoving)
