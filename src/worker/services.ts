// The services of one request, made from its bindings. A request costs one small object: nothing is opened, parsed
// or loaded before its first use.
import { createNearestFence } from '../coherence/fences.ts'
import { fenceNames } from '../coherence/regions.ts'
import type { FenceView } from '../coherence/view.ts'
import type { MeterTerms } from '../core/limits.ts'
import type { MeteredVerdict } from '../core/verdict.ts'
import { createReport, type Report } from '../http/report.ts'
import type { RequestLocation, Services } from '../http/services.ts'
import type { LookUpStores } from '../keys/look-up.ts'
import type { VerifySettings } from '../keys/verify.ts'
import { callMeter } from '../limits/call-meter.ts'
import type { ConsumeRequest } from '../limits/meter.ts'
import { createFloodLimit } from '../storage/flood-limit.ts'
import { createKeyCache } from '../storage/key-cache.ts'
import type { KeyReader } from '../storage/key-store.ts'
import type { Memory } from '../storage/memory.ts'
import type { CountedKey, UsageCode, UsageSink } from '../usage/counter.ts'
import type { RequestSample, UsageMessage } from '../usage/message.ts'
import type { Isolate } from './context.ts'
import { watchCredits } from './credit-watch.ts'
import { areChangesStopped, fencesPerRegionOf, peopleSettings, setupTokenOf } from './variables.ts'

/** Opened when they are used: a key in memory needs none of them. */
class RequestStores implements LookUpStores {
  readonly memory: Memory
  readonly view: FenceView
  private readonly isolate: Isolate
  private readonly env: Env
  private readonly from: RequestLocation

  constructor(isolate: Isolate, env: Env, from: RequestLocation) {
    this.memory = isolate.memory
    this.view = isolate.view
    this.isolate = isolate
    this.env = env
    this.from = from
  }

  get fence() {
    const name = this.isolate.fenceName(this.from, fencesPerRegionOf(this.env))
    return createNearestFence(this.env.FENCE, name, this.isolate.reportOutage)
  }

  get cache() {
    return createKeyCache(this.env.KEY_CACHE, this.isolate.reportOutage)
  }

  get keys(): KeyReader {
    const { DB } = this.env
    return {
      // The code that queries D1 is more than half of all: most isolates verify keys without it.
      async read(digest) {
        const { createKeyReader } = await import('../storage/key-store.ts')
        return createKeyReader(DB).read(digest)
      },
    }
  }
}

/** Loaded by the first request of a key with fast limits. */
let fastMeters: typeof import('./fast-meters.ts') | null = null

export class RequestServices implements Services {
  readonly report: Report
  private readonly isolate: Isolate
  private readonly env: Env
  private readonly context: Pick<ExecutionContext, 'waitUntil'>

  constructor(isolate: Isolate, env: Env, context: Pick<ExecutionContext, 'waitUntil'>) {
    this.isolate = isolate
    this.env = env
    this.context = context
    this.report = createReport(isolate.clock.now())
  }

  // An arrow function, since it is passed on without its object.
  readonly waitUntil = (work: Promise<unknown>): void => this.context.waitUntil(work)

  get config() {
    return this.isolate.config
  }

  get clock() {
    return this.isolate.clock
  }

  get memory() {
    return this.isolate.memory
  }

  get db() {
    return this.env.DB
  }

  get baseUrl() {
    return this.env.BASE_URL
  }

  get setupToken() {
    return setupTokenOf(this.env)
  }

  get changesStopped() {
    return areChangesStopped(this.env)
  }

  get logSample() {
    return Number(this.env.LOG_SAMPLE)
  }

  get version() {
    return this.env.VERSION
  }

  get people() {
    return peopleSettings(this.env, this.isolate)
  }

  get floodLimit() {
    return createFloodLimit(this.env.FLOOD, this.isolate.reportOutage)
  }

  get view() {
    return this.isolate.view.current
  }

  get fenceNames() {
    return fenceNames(fencesPerRegionOf(this.env))
  }

  fetchAsset(url: URL): Promise<Response> {
    return this.env.ASSETS.fetch(url)
  }

  async fetchUpstream(request: Request): Promise<Response> {
    const { upstream } = this.isolate.config.gateway
    if (typeof upstream === 'string') return fetch(request)
    return upstream.fetch(request, this.env, this.context as ExecutionContext)
  }

  lookUpStores(from: RequestLocation): LookUpStores {
    return new RequestStores(this.isolate, this.env, from)
  }

  verifySettings(sender: () => string): VerifySettings {
    const { config, clock } = this.isolate
    return {
      config,
      leaseMs: config.leaseMs,
      now: clock.now,
      waitUntil: this.waitUntil,
      tagKeys: () => this.isolate.tagKeys(this.env.TAG_SECRETS),
      admitsUntagged: () => this.floodLimit.admits(sender()),
    }
  }

  async meters() {
    const { createMeters } = await import('../limits/meters.ts')
    return createMeters(this.env.METER)
  }

  takeLimits(meter: string, request: ConsumeRequest) {
    return callMeter(this.env.METER, meter, async (stub) => await stub.take(request))
  }

  async takeFast(meter: string, terms: MeterTerms) {
    fastMeters ??= await import('./fast-meters.ts')
    return fastMeters.takeFast(this.isolate, this.env, this.waitUntil, meter, terms)
  }

  async requestLogs() {
    const { requestLogs } = await import('./usage.ts')
    return requestLogs(this.env)
  }

  countUsage(key: CountedKey, code: UsageCode): boolean {
    return this.isolate.usage.count(key, code, this.usageSink)
  }

  logRequest(accountId: string, sample: RequestSample): void {
    this.isolate.usage.log(accountId, sample, this.usageSink)
  }

  private get usageSink(): UsageSink {
    const send = (message: UsageMessage) => this.env.USAGE.send(message)
    return { send, waitUntil: this.waitUntil }
  }

  countTier(from: RequestLocation, tier: string): void {
    this.isolate.usage.countTier(this.isolate.region(from), tier)
  }

  watchCredits(verdict: MeteredVerdict): void {
    watchCredits(this.isolate, this.env, this.waitUntil, verdict)
  }

  async changeStores() {
    const { leakStores } = await import('./changes.ts')
    return leakStores(this.isolate, this.env)
  }

  async keySettings({ respondAsync }: { respondAsync: boolean }) {
    const { keySettings } = await import('./changes.ts')
    const { waitUntil } = this
    return keySettings(this.isolate, this.env, { respondAsync, waitUntil })
  }

  async settleAccount(accountId: string) {
    const { settleAccount } = await import('./changes.ts')
    return settleAccount(this.isolate, this.env, accountId, this.waitUntil)
  }

  async resetFences(names: readonly string[]) {
    const { resetAllFences } = await import('./changes.ts')
    return resetAllFences(this.isolate, this.env, names)
  }

  async usageReader() {
    const { usageReader } = await import('./usage.ts')
    return usageReader(this.env)
  }

  async githubKeys() {
    const { githubKeySource } = await import('./changes.ts')
    return githubKeySource(this.env)
  }

  async webhookTargets() {
    const { targetRules } = await import('./queues.ts')
    return targetRules(this.env)
  }

  async webhookSealingKeys() {
    const { webhookKeys } = await import('./queues.ts')
    return webhookKeys(this.env)
  }

  dispatchWebhooks(): void {
    const { isolate, env } = this
    this.waitUntil(import('./queues.ts').then(({ dispatchDue }) => dispatchDue(isolate, env)))
  }

  sendMail(): void {
    const { isolate, env } = this
    this.waitUntil(import('./queues.ts').then(({ sendMail }) => sendMail(isolate, env)))
  }

  async keptMail() {
    const { readKeptMail } = await import('./queues.ts')
    return readKeptMail(this.env)
  }

  async readinessStores(from: RequestLocation) {
    const { readinessStores } = await import('./readiness.ts')
    return readinessStores(this.env, from.cf)
  }

  async inspectFence(name: string) {
    const { inspectFence } = await import('../coherence/fences.ts')
    return inspectFence(this.env.FENCE, name, [])
  }
}
