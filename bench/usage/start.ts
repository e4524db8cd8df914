// workerd with the Worker of bench/workers/usage.ts on a socket of its own.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { freePort } from '../../scripts/free-port.ts'
import { compatibilityDate } from '../../test/support/system/bundle.ts'
import { migrate } from '../../test/support/system/migrate.ts'
import { workerOptions } from '../../test/support/system/worker-options.ts'
import { bundle } from '../support/bundle.ts'
import { benchFolder, workFolder } from '../support/places.ts'

export type Bench = {
  url: string
  d1: D1Database
  call<Answer>(name: string, given?: unknown): Promise<Answer>
  stop(): Promise<void>
}

const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** @param d1Url of another bench, to whose D1 the objects write. */
export async function startBench(shards: string, d1Url?: string): Promise<Bench> {
  const state = mkdtempSync(join(memoryFolder, 'latchkey-usage-'))
  const port = await freePort()
  const options = workerOptions({
    LOG_SAMPLE: '0',
    USAGE_SHARDS: shards,
    ...(d1Url && { D1_URL: d1Url }),
  })
  const worker = {
    ...options,
    name: 'usage',
    ...(await bundle('usage', join(benchFolder, 'workers', 'usage.ts'))),
    rootPath: workFolder,
    compatibilityDate: compatibilityDate(),
    durableObjects: objects,
    queueProducers: {},
    queueConsumers: {},
    unsafeDirectSockets: [{ host: '127.0.0.1', port }],
  }
  // Each eviction is logged as a failure of the consumer.
  const handleStructuredLogs = () => {}
  const persisted = { d1Persist: state, kvPersist: state, durableObjectsPersist: state }
  const given = { workers: [worker], handleStructuredLogs, ...persisted }
  const miniflare = new Miniflare(convertV4MiniflareOptions(given as never))
  await miniflare.ready
  await migrate(miniflare)
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    d1: (await miniflare.getD1Database('DB')) as unknown as D1Database,
    call: (name, given = null) => post(`${url}/${name}`, given),
    async stop() {
      await miniflare.dispose()
      rmSync(state, { recursive: true, force: true })
    },
  }
}

const objects = {
  USAGE_COUNTS: { className: 'CountedUsage', useSQLite: true },
  REQUEST_LOG: { className: 'CountedRequestLog', useSQLite: true },
  FENCE: { className: 'CountedFence', useSQLite: true },
}

async function post<Answer>(url: string, given: unknown): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(given) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as Answer
}
