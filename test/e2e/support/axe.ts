import assert from 'node:assert/strict'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'

/** Nothing that axe calls serious or critical. */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  // In a page of its own axe would need scripts that the policy forbids; injected by the debugger it does not.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const told = grave.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes
      .slice(0, 5)
      .map(({ html, failureSummary }) => `${html.slice(0, 300)} :: ${failureSummary}`),
  }))
  assert.deepEqual(told, [], `axe on ${where}`)
}
