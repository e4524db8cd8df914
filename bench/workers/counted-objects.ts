// The objects of the Worker, whose writes are counted, and which can be evicted, folded and measured on request.
import { FenceObject } from '../../src/coherence/fence-object.ts'
import { RequestLogObject } from '../../src/usage/request-log-object.ts'
import { UsageObject } from '../../src/usage/usage-object.ts'
import { distantD1 } from './distant-d1.ts'
import { countD1, countStorage } from './written.ts'

type Bindings = Env & { D1_URL?: string }

export class CountedUsage extends UsageObject {
  constructor(context: DurableObjectState, env: Bindings) {
    countStorage(context)
    const d1 = env.D1_URL === undefined ? countD1(env.DB) : distantD1(env.D1_URL)
    super(context, { ...env, DB: d1 })
  }

  /** Loses its memory, and a fold that has begun. Its caller gets an error. */
  evict(): void {
    this.ctx.abort('evicted')
  }

  /** What it holds was added long ago, for the next instance: six hours need not pass. */
  async age(): Promise<void> {
    this.ctx.storage.sql.exec('UPDATE journal SET at = 0')
    await this.ctx.storage.sync()
    this.ctx.abort('aged')
  }

  async fold(): Promise<number> {
    await this.alarm()
    return this.ctx.storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM journal').one().n
  }

  size(): number {
    return this.ctx.storage.sql.databaseSize
  }
}

export class CountedRequestLog extends RequestLogObject {
  constructor(context: DurableObjectState, env: Env) {
    countStorage(context)
    super(context, env)
  }

  size(): number {
    return this.ctx.storage.sql.databaseSize
  }
}

export class CountedFence extends FenceObject {
  size(): number {
    return this.ctx.storage.sql.databaseSize
  }
}
