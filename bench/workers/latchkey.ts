// Latchkey as it is deployed (the default entrypoint), and beside it one entrypoint for each row of the
// I/O budget that a load of one key would not stay in: each differs in the one thing it says.
import { WorkerEntrypoint } from 'cloudflare:workers'
import { Hono } from 'hono'
import latchkeyConfig from '../../latchkey.config.ts'
import { createApp } from '../../src/http/app.ts'
import type { Memory } from '../../src/storage/memory.ts'
import { createIsolate, systemClock } from '../../src/worker/context.ts'

export { default, FenceObject, MeterObject } from '../../src/index.ts'

const behind = new Hono()
behind.get('/api/contacts', (c) => c.json({ status: 'success', data: [] }))

/** The gateway's upstream answers at once: what is measured is the guard. */
const config = {
  ...latchkeyConfig,
  gateway: { ...latchkeyConfig.gateway, upstream: behind },
}

/** The memory of an isolate that has met no key. */
const noMemory: Memory = { get: () => null, keep() {}, forget() {} }

const guarding = createApp(createIsolate(config, systemClock))
const askingEachTime = createApp(createIsolate({ ...config, leaseMs: 0 }, systemClock))
const remembersNothing = createApp({ ...createIsolate(config, systemClock), memory: noMemory })

/** The gateway before an API that answers at once. */
export class Gateway extends WorkerEntrypoint<Env> {
  override fetch(request: Request) {
    return guarding.fetch(request, this.env, this.ctx)
  }
}

/** In memory, lease over. */
export class LeaseOver extends WorkerEntrypoint<Env> {
  override fetch(request: Request) {
    return askingEachTime.fetch(request, this.env, this.ctx)
  }
}

/** This isolate's first use. */
export class FirstUse extends WorkerEntrypoint<Env> {
  override fetch(request: Request) {
    return remembersNothing.fetch(request, this.env, this.ctx)
  }
}

/** First use, and KV has no entry: what is put after the answer is put, and never found. */
export class CacheEmpty extends WorkerEntrypoint<Env> {
  override fetch(request: Request) {
    return remembersNothing.fetch(request, { ...this.env, KEY_CACHE: absent(this.env) }, this.ctx)
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
