// The Worker's doors, and nothing else.
import config from '../latchkey.config.ts'
import { settle } from './authority/settle.ts'
import { createApp } from './http/app.ts'
import { changeStores, createIsolate, settleSettings, systemClock } from './http/wiring.ts'

export { FenceObject } from './coherence/fence-object.ts'

const isolate = createIsolate(config, systemClock)
const app = createApp(isolate)

export default {
  fetch: app.fetch,
  /** The drainer: brings into force what crashed Workers left. */
  async scheduled(_event, env) {
    await settle(changeStores(isolate, env), settleSettings(isolate), 'all')
  },
} satisfies ExportedHandler<Env>
