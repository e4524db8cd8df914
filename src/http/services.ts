// What the HTTP layer needs from below, already parsed: bindings and variables of the environment are read in
// worker/ only, which implements this.
import type { FenceStatus } from '../coherence/fence.ts'
import type { Clock } from '../coherence/settle.ts'
import type { View } from '../coherence/view.ts'
import type { Config } from '../core/config.ts'
import type { MeteredVerdict } from '../core/verdict.ts'
import type { TargetRules } from '../core/webhook-target.ts'
import type { PeopleSettings } from '../identity/settings.ts'
import type { LimitServices } from '../keys/consume-limits.ts'
import type { LeakStores } from '../keys/leaks.ts'
import type { LookUpStores } from '../keys/look-up.ts'
import type { KeySettings } from '../keys/mint.ts'
import type { VerifySettings } from '../keys/verify.ts'
import type { Meters } from '../limits/meters.ts'
import type { FloodLimit } from '../storage/flood-limit.ts'
import type { Memory } from '../storage/memory.ts'
import type { ReadinessStores } from '../storage/readiness.ts'
import type { CountedKey, UsageCode } from '../usage/counter.ts'
import type { RequestSample } from '../usage/message.ts'
import type { UsageReader } from '../usage/reader.ts'
import type { RequestLogs } from '../usage/request-logs.ts'
import type { Report } from './report.ts'

/** Known when the routes are assembled, for as long as the isolate lives. */
export type AppSettings = { config: Config; clock: Clock }

/** Where a request came from; `cf` is parsed only when it is read. */
export type RequestLocation = { readonly cf?: unknown }

/** Where GitHub publishes its keys. A token raises GitHub's rate limit, which Workers share by address. */
export type KeySource = { url: string; token: string | undefined }

/** A message that DEV_MAIL kept. */
export type KeptMail = {
  id: string
  template: string
  to: string
  subject: string
  text: string
  html: string
  /** What it asks its receiver to open. */
  link: string | null
  sent_at: string
}

/** Services of one request. Methods that return a promise load their code on first use. */
export type Services = Readonly<AppSettings> & {
  readonly report: Report
  readonly memory: Memory
  readonly db: D1Database
  /** The public address of the deployment, as configured. */
  readonly baseUrl: string
  readonly setupToken: string | undefined
  /** While D1 is restored nothing may change. */
  readonly changesStopped: boolean
  /** Share of the requests without a fault that write a log line: from 0 to 1. */
  readonly logSample: number
  readonly version: { id: string; tag: string; timestamp: string }
  readonly people: PeopleSettings
  /** Requests of anonymous clients, by sender: for what would cost a store. */
  readonly floodLimit: FloodLimit
  /** What this isolate knows of its fence; null: it has asked none yet. */
  readonly view: View | null
  /** Every fence that the present number of fences a region can have. */
  readonly fenceNames: string[]

  waitUntil(work: Promise<unknown>): void
  /** A file of the dashboard. */
  fetchAsset(url: URL): Promise<Response>
  /** The API behind the gateway. */
  fetchUpstream(request: Request): Promise<Response>

  lookUpStores(from: RequestLocation): LookUpStores
  /** @param sender the bucket of the flood limit; read only where the limit is consulted. */
  verifySettings(sender: () => string): VerifySettings
  takeLimits: LimitServices['takeLimits']
  takeFast: LimitServices['takeFast']
  meters(): Promise<Meters>
  requestLogs(): Promise<RequestLogs>
  /** @returns whether the log of the account is to hold the request: see `logRequest`. */
  countUsage(key: CountedKey, code: UsageCode): boolean
  logRequest(accountId: string, sample: RequestSample): void
  countTier(from: RequestLocation, tier: string): void
  /** After the response, notifies the account where credits run low. */
  watchCredits(verdict: MeteredVerdict): void

  changeStores(): Promise<LeakStores>
  keySettings(request: { respondAsync: boolean }): Promise<KeySettings>
  /** Brings pending changes of an account into force. @returns the regions that have not acknowledged. */
  settleAccount(accountId: string): Promise<string[]>
  /** @returns the fences that have not acknowledged. */
  resetFences(names: readonly string[]): Promise<string[]>
  usageReader(): Promise<UsageReader>
  githubKeys(): Promise<KeySource>
  webhookTargets(): Promise<TargetRules>
  webhookSealingKeys(): Promise<CryptoKey[]>
  /** After the response, hands due webhook deliveries to the queue. */
  dispatchWebhooks(): void
  /** After the response, sends the mail that the request has written. */
  sendMail(): void
  /** The mail that DEV_MAIL kept, newest first; null where it is sent. @throws StoreUnavailable */
  keptMail(): Promise<KeptMail[] | null>
  readinessStores(from: RequestLocation): Promise<ReadinessStores>
  /** @throws StoreUnavailable */
  inspectFence(name: string): Promise<FenceStatus>
}
