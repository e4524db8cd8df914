// Latchkey in front of the test's own server. `/__simulate/outage` makes its stores unavailable.
import { createIsolate, systemClock } from '../../../src/worker/context.ts'
import { createFetchHandler } from '../../../src/worker/fetch.ts'
import config from '../../support/latchkey.config.ts'
import { down } from '../../support/outage.ts'

export * from '../../../src/index.ts'

declare const UPSTREAM: string

const settings = {
  ...config,
  gateway: { ...config.gateway, upstream: UPSTREAM, timeoutMs: 1_500 },
  forwardAuth: { proxies: ['127.0.0.1'], clientAddressHeader: 'X-Client-Address' },
}

let simulated = 'nothing'
let handle = fresh()

/** An app with an empty cache. */
function fresh() {
  return createFetchHandler(createIsolate(settings, systemClock))
}

export default {
  async fetch(request, env, context) {
    const [, order, what] = new URL(request.url).pathname.split('/')
    if (order === '__simulate') {
      simulated = what ?? 'nothing'
      handle = fresh()
      return new Response(simulated)
    }
    // As Cloudflare's edge does.
    const arrived = new Request(request, { signal: request.signal })
    arrived.headers.set('cf-connecting-ip', '127.0.0.1')
    return handle(
      arrived,
      simulated === 'outage' ? { ...env, ...down(['DB', 'KEY_CACHE', 'FENCE']) } : env,
      context,
    )
  },
} satisfies ExportedHandler<Env>
