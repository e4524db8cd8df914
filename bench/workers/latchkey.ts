// Latchkey as deployed (the default entrypoint), and one more entrypoint for each row of the I/O budget in which a
// load of one key would not stay. Each differs from the deployed Worker in one respect.
import { WorkerEntrypoint } from 'cloudflare:workers'
import { Hono } from 'hono'
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

const behind = new Hono()
behind.get('/api/contacts', (c) => c.json({ status: 'success', data: [] }))

/** The gateway's upstream answers immediately: only the guard is measured. */
const config = {
  ...latchkeyConfig,
  gateway: { ...latchkeyConfig.gateway, upstream: behind },
}

/** The memory of an isolate that holds no record. */
const noMemory: Memory = { get: () => null, keep() {}, forget() {} }

const withUpstream = createFetchHandler(createIsolate(config, systemClock))
const withoutLease = createFetchHandler(createIsolate({ ...config, leaseMs: 0 }, systemClock))
const withoutMemory = createFetchHandler({
  ...createIsolate(config, systemClock),
  memory: noMemory,
})

/** The gateway in front of an API that answers immediately. */
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

function absent({ KEY_CACHE }: Env): KVNamespace {
  return {
    get: (name: string, options: KVNamespaceGetOptions<'json'>) =>
      KEY_CACHE.get(`absent/${name}`, options),
    put: (name: string, value: string, options: KVNamespacePutOptions) =>
      KEY_CACHE.put(name, value, options),
  } as unknown as KVNamespace
}
