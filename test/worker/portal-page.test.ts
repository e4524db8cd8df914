// How the portal's page looks: the settings of a deployer, and what is refused.
import { expect, it } from 'vitest'
import { type PortalPageInput, readPortalPage } from '../../src/core/portal-page.ts'
import { createIsolate } from '../../src/worker/context.ts'
import config from '../support/latchkey.config.ts'
import { createSkippingClock, createTestApp } from '../support/test-app.ts'

async function page(portal?: PortalPageInput) {
  const clock = createSkippingClock()
  const settings = { ...config, ...(portal && { portal }) }
  const app = await createTestApp({ clock, isolate: createIsolate(settings, clock) })
  return app.request('GET', '/api/v1/portal/page')
}

it('is plain where nothing is set, and known to anybody', async () => {
  const { status, body } = await page()
  const data = { name: null, logo: null, theme: 'auto' }
  expect([status, body]).toEqual([200, { status: 'success', data }])
})

it('has the name, the logo and the theme of the deployer', async () => {
  const portal = { name: 'Example', logo: '/brand/logo-2.svg', theme: 'dark' } as const
  expect((await page(portal)).body.data).toEqual(portal)
})

it.each<[string, unknown, RegExp]>([
  ['an empty name', { name: ' ' }, /portal\.name/],
  ['a name of 81 characters', { name: 'x'.repeat(81) }, /portal\.name.*1 to 80/],
  ['an unknown theme', { theme: 'sepia' }, /portal\.theme is "sepia".*auto, light, dark/],
  ['a logo of another host', { logo: 'https://cdn.example.com/logo.svg' }, /portal\.logo/],
  ['a logo of another host without a scheme', { logo: '//cdn.example.com/logo.svg' }, /logo/],
  ['a logo above the files', { logo: '/../logo.svg' }, /portal\.logo/],
  ['a logo that is a script', { logo: '/logo.js' }, /portal\.logo/],
])('%s is refused by name', (_, portal, sentence) => {
  expect(() => readPortalPage(portal as PortalPageInput)).toThrow(sentence)
})
