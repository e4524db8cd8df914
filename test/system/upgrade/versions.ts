// The Worker of the previous version and of this clone, side by side in workerd: one D1, one KV, one set of
// Durable Objects, as during a gradual deployment. Cloudflare assigns each object to one of the versions;
// here the caller chooses.
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { bundle, modulesIn } from '../../support/system/bundle.ts'
import { workerOptions } from '../../support/system/worker-options.ts'
import type { Baseline } from './baseline.ts'

export const versions = ['old', 'new'] as const
export type Version = (typeof versions)[number]

export const baseUrl = 'http://localhost:8787'

export type Pair = {
  miniflare: Miniflare
  fetch(version: Version, path: string, init?: RequestInit): Promise<Response>
  drain(version: Version): Promise<void>
}

/** `objects`: the version that runs the Durable Objects. `folder`: code and state. */
export async function startPair(folder: string, objects: Version): Promise<Pair> {
  const options = workerOptions()
  const classes = Object.entries(
    options.durableObjects as Record<string, { className: string; useSQLite: boolean }>,
  )
  const worker = (version: Version) => ({
    ...options,
    name: version,
    // Messages of both go to the new version, which handles every kind.
    queueConsumers: version === 'new' ? options.queueConsumers : {},
    // The same namespace for both versions, whichever of them runs it.
    durableObjects: Object.fromEntries(
      classes.map(([name, { className, useSQLite }]) => [
        name,
        {
          className,
          useSQLite,
          unsafeUniqueKey: `latchkey-${className}`,
          ...(version !== objects && { scriptName: objects }),
        },
      ]),
    ),
    rootPath: folder,
    ...modulesIn(join(folder, version)),
  })
  const all = { resourcePersistencePath: join(folder, 'state'), workers: versions.map(worker) }
  const miniflare = new Miniflare(convertV4MiniflareOptions(all as never))
  await miniflare.ready
  return {
    miniflare,
    async fetch(version, path, init) {
      const fetcher = await miniflare.getWorker(version)
      return (await fetcher.fetch(baseUrl + path, init as never)) as unknown as Response
    },
    async drain(version) {
      const fetcher = await miniflare.getWorker(version)
      await fetcher.scheduled({ cron: '* * * * *' })
    },
  }
}

/** Writes both versions' code into the folder. */
export async function unpackVersions(folder: string, { script }: Baseline): Promise<void> {
  mkdirSync(join(folder, 'old'), { recursive: true })
  copyFileSync(script, join(folder, 'old', 'index.js'))
  await bundle({ folder: join(folder, 'new') })
}
