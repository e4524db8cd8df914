import type { TestContext } from 'node:test'
import { type Cloudflare, startCloudflare } from './cloudflare.ts'
import { removeTraces } from './deployment.ts'

/** A new account, removed after its test. */
export async function openCloudflare(test: TestContext): Promise<Cloudflare> {
  const cloudflare = await startCloudflare()
  test.after(async () => {
    removeTraces(cloudflare)
    await cloudflare.stop()
  })
  return cloudflare
}
