// What other programs import and run: the npm package, the example and the migration guides.
import { after, before, describe } from 'node:test'
import { testConformancePage } from './conformance-page.ts'
import { testDevRegistry } from './dev-registry.ts'
import { testExample } from './example.ts'
import { testMcp } from './mcp.ts'
import { testMoving } from './moving.ts'
import { testPackage } from './package.ts'
import { testPages } from './pages.ts'
import { testPortalExample } from './portal-example.ts'
import { packed, removePacked } from './tarball.ts'

// The example imports the build of the workspace, which packing makes.
before(() => void packed())
after(removePacked)

describe('examples/hono-worker and Latchkey, two Workers', testExample)
describe('examples/portal, beside npm start', testPortalExample)
describe('examples/hono-worker outside the repository, and npm start', testDevRegistry)
describe('packages/latchkey', testPackage)
describe('latchkey mcp', testMcp)
// Most of it waits for the registry of npm.
describe('docs/integrate', { concurrency: 3 }, testPages)
// After it: of what it has found.
describe('docs/integrate/conformance.md', testConformancePage)
describe('docs/moving-from-*.md', testMoving)
