// The real Worker with bindings that fail, in one location, controlled by the commands of the soak.

// build.ts patches `replaceIsolate` into src/index.ts.
import RealLatchkey, * as real from '../../src/index.ts'
import { type Command, commandPath } from './commands.ts'
import { faultyBindings, injectedCounts, setFaults } from './faults.ts'

type SoakEnv = Env & { PLACE: { latitude: string; longitude: string } }

/** An object whose bindings fail, and which can lose its instance as a failing machine loses it. */
// biome-ignore lint/suspicious/noExplicitAny: TypeScript demands it of a mixin.
function disturbed(Base: new (...given: any[]) => Rpc.DurableObjectBranded) {
  return class extends Base {
    private readonly context: DurableObjectState

    constructor(context: DurableObjectState, env: Env) {
      super(context, faultyBindings(env))
      this.context = context
    }

    /** Loses the memory of the instance and fails its calls in flight. */
    evict(): void {
      this.context.abort('evicted by the soak')
    }
  }
}

export const FenceObject = disturbed(real.FenceObject)
export const MeterObject = disturbed(real.MeterObject)
export const UsageObject = disturbed(real.UsageObject)
export const RequestLogObject = disturbed(real.RequestLogObject)

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
        return (real as unknown as { replaceIsolate(): void }).replaceIsolate() ?? null
      case 'evict': {
        const object = this.real[command.object].getByName(command.name)
        return (object as unknown as { evict(): Promise<void> }).evict().catch(() => null)
      }
      case 'reconcile':
        return (await super.scheduled({ cron: '* * * * *' } as ScheduledController)) ?? null
      case 'count':
        return injectedCounts()
    }
  }
}
