// The exports of the Worker: its entrypoint and the Durable Object classes.
import { env, WorkerEntrypoint } from 'cloudflare:workers'
import config from '#config'
import type { BindingVerifyRequest, VerifyAnswer } from './contract/verify.ts'
import { createIsolate, systemClock } from './worker/context.ts'
import { createFetchHandler } from './worker/fetch.ts'
import { checkSecrets, usageShardsOf } from './worker/variables.ts'

export { FenceObject } from './coherence/fence-object.ts'
export { MeterObject } from './limits/meter-object.ts'
export { RequestLogObject } from './usage/request-log-object.ts'
export { UsageObject } from './usage/usage-object.ts'

checkSecrets(env)
usageShardsOf(env)
config.signIn?.providers(env)
const isolate = createIsolate(config, systemClock)
const handle = createFetchHandler(isolate)
let rpc: typeof import('./worker/rpc.ts') | null = null

/** The default entrypoint, so that a service binding needs no name: `env.LATCHKEY.verify({ token })`. */
export default class Latchkey extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Response | Promise<Response> {
    return handle(request, this.env, this.ctx)
  }

  /** For Workers that the deployer bound to this one: keys of every account, without a credential. */
  async verify(request: BindingVerifyRequest): Promise<VerifyAnswer> {
    rpc ??= await import('./worker/rpc.ts')
    return rpc.verifyByBinding(isolate, this.env, this.ctx, request)
  }

  /** Webhooks and mail that are due, or usage counts on their way to their objects. */
  override async queue({ queue, messages }: MessageBatch): Promise<void> {
    // Another environment of wrangler.toml has other names.
    if (queue.endsWith('-webhooks')) {
      const { sendQueued } = await import('./worker/queues.ts')
      return sendQueued(isolate, this.env, messages)
    }
    const { consume } = await import('./usage/consumer.ts')
    const { requestLogs, usageStores } = await import('./worker/usage.ts')
    const stores = { ...usageStores(this.env), logs: requestLogs(this.env) }
    await consume(stores, messages, systemClock.now())
  }

  /** The reconciler and the canary. */
  override async scheduled({ cron }: ScheduledController): Promise<void> {
    const { runScheduled } = await import('./worker/cron.ts')
    await runScheduled(isolate, this.env, cron, (work) => this.ctx.waitUntil(work))
  }
}
