// The real Worker with bindings that fail, in one location, controlled by the commands of the soak.

// build.ts patches `replaceIsolate` into src/index.ts.
import * as built from '../../src/index.ts'
import RealLatchkey, { FenceObject as RealFence } from '../../src/index.ts'
import { type Command, commandPath } from './commands.ts'
import { faultyBindings, injectedCounts, setFaults } from './faults.ts'

export { MeterObject, RequestLogObject, UsageObject } from '../../src/index.ts'

type SoakEnv = Env & { PLACE: { latitude: string; longitude: string } }

export class FenceObject extends RealFence {
  constructor(context: DurableObjectState, env: Env) {
    super(context, faultyBindings(env))
  }

  /** Loses the memory of the instance and fails its calls in flight, as the failure of a machine does. */
  evict(): void {
    this.ctx.abort('evicted by the soak')
  }
}

export default class Soak extends RealLatchkey {
  private readonly real: SoakEnv

  constructor(context: ExecutionContext, env: SoakEnv) {
    super(context, faultyBindings(env))
    this.real = env
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === commandPath) return Response.json(await this.execute(await request.json()))
    const cf = this.real.PLACE as unknown as CfProperties
    return super.fetch(new Request(request, { cf }))
  }

  private async execute(command: Command): Promise<unknown> {
    switch (command.command) {
      case 'faults':
        return setFaults(command.faults, command.seed) ?? null
      case 'recycle':
        return (built as unknown as { replaceIsolate(): void }).replaceIsolate() ?? null
      case 'evict': {
        const fence = this.real.FENCE.getByName(command.fence) as unknown as {
          evict(): Promise<void>
        }
        return fence.evict().catch(() => null)
      }
      case 'reconcile':
        return (await super.scheduled({ cron: '* * * * *' } as ScheduledController)) ?? null
      case 'count':
        return injectedCounts()
    }
  }
}
