// RFC 9728: how a client or an agent that knows only the address authenticates. It names no authorization server, since none
// issues keys: people do. Nor `scopes_supported`: GET /api/scopes needs a credential, and a refused key is told what it lacks.
import type { Context } from 'hono'
import type { AppEnv } from '../app-env.ts'

export type ResourceMetadata = {
  resource: string
  resource_name: string
  bearer_methods_supported: string[]
  resource_documentation: string
}

/** One resource, the whole origin: the same keys are for management, `/api/v1` and the gateway. */
export function resourceMetadata(c: Context<AppEnv>): Response {
  const { origin } = new URL(c.env.baseUrl)
  const metadata: ResourceMetadata = {
    resource: origin,
    resource_name: 'Latchkey',
    bearer_methods_supported: ['header'],
    resource_documentation: `${origin}/docs`,
  }
  // Public, and read by clients in browsers.
  return c.json(metadata, 200, {
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  })
}
