// The real Worker on bindings that fail, in one place of the world, doing as the soak orders.

// `replaceIsolate` is put into src/index.ts when the soak builds it (build.ts).
import * as built from '../../src/index.ts'
import RealLatchkey, { FenceObject as RealFence } from '../../src/index.ts'
import { countStrikes, faulty, order as orderFaults } from './faults.ts'
import { type Order, orderPath } from './orders.ts'

export { MeterObject } from '../../src/index.ts'

type SoakEnv = Env & { PLACE: { latitude: string; longitude: string } }

export class FenceObject extends RealFence {
  constructor(context: DurableObjectState, env: Env) {
    super(context, faulty(env))
  }

  /** All that is in memory is gone, and calls under way fail, as when a machine vanishes. */
  evict(): void {
    this.ctx.abort('evicted by the soak')
  }
}

export default class Soak extends RealLatchkey {
  private readonly real: SoakEnv

  constructor(context: ExecutionContext, env: SoakEnv) {
    super(context, faulty(env))
    this.real = env
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === orderPath) return Response.json(await this.obey(await request.json()))
    const cf = this.real.PLACE as unknown as CfProperties
    return super.fetch(new Request(request, { cf }))
  }

  private async obey(order: Order): Promise<unknown> {
    switch (order.order) {
      case 'faults':
        return orderFaults(order.faults, order.seed) ?? null
      case 'recycle':
        return (built as unknown as { replaceIsolate(): void }).replaceIsolate() ?? null
      case 'evict': {
        const fence = this.real.FENCE.getByName(order.fence) as unknown as {
          evict(): Promise<void>
        }
        return fence.evict().catch(() => null)
      }
      case 'drain':
        return (await super.scheduled({ cron: '* * * * *' } as ScheduledController)) ?? null
      case 'count':
        return countStrikes()
    }
  }
}
