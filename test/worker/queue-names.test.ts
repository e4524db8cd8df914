// Each environment of wrangler.toml names its queues: the consumer tells them apart by what they carry.
import { createExecutionContext, createMessageBatch } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, expect, it, vi } from 'vitest'
import Latchkey from '../../src/index.ts'

afterEach(() => vi.restoreAllMocks())

it.each([
  ['latchkey-webhooks', 0],
  ['latchkey-staging-webhooks', 0],
  ['latchkey-usage', 1],
  ['latchkey-staging-usage', 1],
])('a message of %s that is no count is reported %i times as one', async (name, times) => {
  const lines: string[] = []
  for (const level of ['error', 'warn', 'info'] as const) {
    vi.spyOn(console, level).mockImplementation((line) => void lines.push(line))
  }
  const message = { id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, body: 'no count' }
  // While changes are stopped, webhooks are acknowledged as they are.
  const stopped = { ...env, CHANGES: 'stopped' as Env['CHANGES'] }
  const worker = { env: stopped, ctx: createExecutionContext() }
  const batch = createMessageBatch(name, [message])
  await Latchkey.prototype.queue.call(worker as unknown as Latchkey, batch)
  expect(lines.filter((line) => line.includes('"usage_'))).toHaveLength(times)
})
