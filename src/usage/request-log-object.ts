// The request log as a Durable Object. No verification uses it, so its code is loaded with the first call.
import { DurableObject } from 'cloudflare:workers'
import type { LogFilter, LogPart, RequestLog } from './request-log.ts'
import type { Position } from './ring.ts'

export class RequestLogObject extends DurableObject<Env> {
  private readonly log: Promise<RequestLog>

  constructor(context: DurableObjectState, env: Env) {
    super(context, env)
    this.log = import('./request-log.ts').then(({ RequestLog }) => new RequestLog(context.storage))
  }

  async add(parts: LogPart[]) {
    return (await this.log).add(parts)
  }

  async list(filter: LogFilter, after: Position | null, limit: number) {
    return (await this.log).list(filter, after, limit)
  }

  async since(no: number | null, filter: LogFilter) {
    return (await this.log).since(no, filter)
  }

  async forget() {
    return (await this.log).forget()
  }

  override async alarm(): Promise<void> {
    await (await this.log).prune()
  }
}
