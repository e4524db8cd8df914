// The fence as a Durable Object with SQLite storage. The platform holds back an answer until the writes
// before it are durable (output gate), which the protocol requires.
import { DurableObject } from 'cloudflare:workers'
import type { Floor, Since } from './fence.ts'
import type { OpenFence } from './open-fence.ts'

export class FenceObject extends DurableObject<Env> {
  private fence!: OpenFence

  constructor(context: DurableObjectState, env: Env) {
    super(context, env)
    // No isolate that verifies keys evaluates it. No call is delivered before it is there.
    void context.blockConcurrencyWhile(async () => {
      const { openFence } = await import('./open-fence.ts')
      this.fence = openFence(context, env.DB)
    })
  }

  /** As `Fence.ask`; an unregistered fence registers after the answer. */
  ask(since: Since | null, digest: string | null) {
    return this.fence.ask(since, digest)
  }

  inspect(subjects: string[]) {
    return this.fence.inspect(subjects)
  }

  hold(raises: Floor[]) {
    return this.fence.hold(raises)
  }

  /** Part of restoring D1 to an earlier time: every fence must register again. */
  reset() {
    return this.fence.reset()
  }

  override async alarm(): Promise<void> {
    await this.fence.maintain()
  }
}
