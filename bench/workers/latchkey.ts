// Latchkey as deployed (the default entrypoint), and one more entrypoint for each row of the I/O budget in which a
// load of one key would not stay. Each differs from the deployed Worker in one respect.
import { env, WorkerEntrypoint } from 'cloudflare:workers'
import type { Memory } from '../../src/storage/memory.ts'
import { createIsolate, systemClock } from '../../src/worker/context.ts'
import { createFetchHandler } from '../../src/worker/fetch.ts'
import latchkeyConfig from '../../test/support/latchkey.config.ts'

export {
  default,
  FenceObject,
  MeterObject,
  RequestLogObject,
  UsageObject,
} from '../../src/index.ts'

const { UPSTREAM } = env as Env & { UPSTREAM: string }
const config = {
  ...latchkeyConfig,
  gateway: { ...latchkeyConfig.gateway, upstream: UPSTREAM },
}

/** The memory of an isolate that holds no record. */
const noMemory: Memory = { get: () => null, keep() {}, forget() {} }

const withUpstream = createFetchHandler(createIsolate(config, systemClock))
const withoutLease = createFetchHandler(createIsolate({ ...config, leaseMs: 0 }, systemClock))
const withoutMemory = createFetchHandler({
  ...createIsolate(config, systemClock),
  memory: noMemory,
})

/** The gateway in front of an API on this machine. */
export class Gateway extends WorkerEntrypoint<Env> {
  override fetch(request: Request) {
    return withUpstream(request, this.env, this.ctx)
  }
}

/** In memory, view over. */
export class ViewOver extends WorkerEntrypoint<Env> {
  override fetch(request: Request) {
    return withoutLease(request, this.env, this.ctx)
  }
}

/** The first use in an isolate. */
export class FirstUse extends WorkerEntrypoint<Env> {
  override fetch(request: Request) {
    return withoutMemory(request, this.env, this.ctx)
  }
}

/** First use without an entry in KV: the put after the answer happens, but later reads do not find it. */
export class CacheEmpty extends WorkerEntrypoint<Env> {
  override fetch(request: Request) {
    return withoutMemory(request, { ...this.env, KEY_CACHE: absent(this.env) }, this.ctx)
  }
}

const counts = { requests: 0, fenceCalls: 0, waited: 0 }

/** As deployed, and counts its calls of fences. `waited`: requests that were answered after such a call had ended. */
export class Counted extends WorkerEntrypoint<Env> {
  override async fetch(request: Request) {
    if (request.url.endsWith('/counts')) return Response.json(counts)
    const own = { ended: 0 }
    const env = { ...this.env, FENCE: counted(this.env.FENCE, own) }
    const response = await withUpstream(request, env, this.ctx)
    counts.requests++
    if (own.ended > 0) counts.waited++
    return response
  }
}

type Methods = Record<string, (...given: unknown[]) => Promise<unknown>>

function counted(namespace: Env['FENCE'], own: { ended: number }): Env['FENCE'] {
  const getByName: Env['FENCE']['getByName'] = (...named) => {
    const stub = namespace.getByName(...named)
    const call =
      (method: string) =>
      async (...given: unknown[]) => {
        counts.fenceCalls++
        const answer = await (stub as unknown as Methods)[method]?.(...given)
        own.ended++
        return answer
      }
    return new Proxy(stub, { get: (_, method: string) => call(method) })
  }
  return { getByName } as Env['FENCE']
}

function absent({ KEY_CACHE }: Env): KVNamespace {
  return {
    get: (name: string, options: KVNamespaceGetOptions<'json'>) =>
      KEY_CACHE.get(`absent/${name}`, options),
    put: (name: string, value: string, options: KVNamespacePutOptions) =>
      KEY_CACHE.put(name, value, options),
  } as unknown as KVNamespace
}
