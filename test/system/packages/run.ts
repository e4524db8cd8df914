// The doors that other programs import, as they import them: `npm run test:system` (it builds
// dist/client first).
import { describe } from 'node:test'
import { testExample } from './example.ts'
import { testMoving } from './moving.ts'
import { testPackage } from './package.ts'

describe('examples/hono-worker and Latchkey, two Workers', testExample)
describe('the package', testPackage)
describe('docs/moving-from-*.md', testMoving)
