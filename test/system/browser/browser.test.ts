// The dashboard in a real browser against the real `npm start`. Run by `npm run test:system`.
import { describe } from 'node:test'

// Each test has its own window, users and keys, and mostly waits for changes to come into force.
describe('the dashboard', { concurrency: 3 }, async () => {
  await import('./pages.ts')
  await import('./setup.ts')
  await import('./owner.ts')
  await import('./token.ts')
  await import('./admin.ts')
  await import('./member.ts')
  await import('./people.ts')
  await import('./usage.ts')
  await import('./limits.ts')
  await import('./status.ts')
  await import('./webhooks.ts')
  await import('./failures.ts')
  await import('./account.ts')
  await import('./budget.ts')
  await import('./headers.ts')
})
