// What other programs import, as they import it.
import { describe } from 'node:test'
import { testExample } from './example.ts'
import { testMoving } from './moving.ts'
import { testPackage } from './package.ts'

describe('examples/hono-worker and Latchkey, two Workers', testExample)
describe('packages/latchkey', testPackage)
describe('docs/moving-from-*.md', testMoving)
