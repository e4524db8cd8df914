// What is deployed of this Latchkey, read from Cloudflare by each run, so that no local state can be outdated.
import { movedMonth } from '../../src/usage/moved-month.ts'
import { readShards } from '../../src/usage/read-shards.ts'
import { monthOf } from '../../src/usage/shards.ts'
import { Refusal } from '../settings.ts'
import { type Plan, provisionedName, publicUrl } from './plan.ts'
import { type Captured, jsonOf, type RunWrangler } from './run-wrangler.ts'

export type Deployed = {
  /** Whether the Worker exists. */
  exists: boolean
  secrets: Set<string>
  databases: Set<string>
  /** Its BASE_URL, where that is a public address. */
  url: string | null
  /** Namespaces created by an earlier run that failed, by binding: wrangler fails on a title that exists. */
  orphans: Map<string, string>
}

export async function readDeployed(wrangler: RunWrangler, plan: Plan): Promise<Deployed> {
  const [listed, found] = await Promise.all([
    wrangler.capture('secret', 'list', '--format', 'json'),
    wrangler.capture('d1', 'list', '--json'),
  ])
  const exists = listed.ok || !isMissing(listed)
  const secrets = exists ? jsonOf<{ name: string }[]>(listed, 'the list of secrets') : []
  const databases = jsonOf<{ name: string }[]>(found, 'the list of databases')
  const { url, bound, stopped, usageShards } = exists ? await readVersion(wrangler) : none
  if (stopped) {
    throw new Refusal(
      'Changes are stopped (CHANGES): D1 is being restored, or a restore was interrupted. Finish it first ' +
        '(docs/restore.md): deploying now would permit changes.',
    )
  }
  if (usageShards !== null) requireSameMonths(usageShards, plan.usageShards)
  return {
    exists,
    secrets: new Set(secrets.map(({ name }) => name)),
    databases: new Set(databases.map(({ name }) => name)),
    url,
    orphans: await findOrphans(
      wrangler,
      plan.worker,
      plan.namespaces.filter((binding) => !bound.includes(binding)),
    ),
  }
}

/** @throws Refusal when counts of the present month or an earlier one would be looked for in other objects. */
function requireSameMonths(deployed: string, wanted: string): void {
  const present = monthOf(Date.now())
  const month = movedMonth(readShards(deployed), readShards(wanted), present)
  if (month === null) return
  throw new Refusal(
    `USAGE_SHARDS is "${wanted}", and "${deployed}" is deployed: it would change ${month || 'the first months'}. ` +
      `Only months after ${present} may change, as in "${deployed}, YYYY-MM:8".`,
  )
}

/** Cloudflare's code for a Worker that does not exist; `secret list` prints a sentence instead. */
function isMissing({ stdout, stderr }: Captured): boolean {
  return /Worker "[^"]*" not found|\[code: 10007\]/.test(stdout + stderr)
}

type Deployment = { versions: { version_id: string; percentage: number }[] }
type Version = { resources: { bindings: { name: string; type: string; text?: string }[] } }

type DeployedVersion = {
  url: string | null
  bound: string[]
  stopped: boolean
  usageShards: string | null
}
const none: DeployedVersion = { url: null, bound: [], stopped: false, usageShards: null }

/** BASE_URL and bindings of the deployed version. @throws Refusal during a gradual deployment */
export async function readVersion(wrangler: RunWrangler): Promise<DeployedVersion> {
  const status = await wrangler.capture('deployments', 'status', '--json')
  // `wrangler secret put` creates a Worker without a deployment.
  if (!status.ok && /has no deployments/.test(status.stdout + status.stderr)) {
    return none
  }
  const { versions } = jsonOf<Deployment>(status, 'the deployed version')
  if (versions.length > 1) {
    throw new Refusal(
      'A gradual deployment is under way: two versions share the traffic. Finish it first, ' +
        'with `npx wrangler versions deploy`: deploying now would end it.',
    )
  }
  const id = versions[0]?.version_id ?? ''
  const view = await wrangler.capture('versions', 'view', id, '--json')
  const { bindings } = jsonOf<Version>(view, `the bindings of version ${id}`).resources
  const textOf = (wanted: string) => bindings.find(({ name }) => name === wanted)?.text
  return {
    url: publicUrl(textOf('BASE_URL')),
    bound: bindings.map(({ name }) => name),
    stopped: textOf('CHANGES') === 'stopped',
    usageShards: textOf('USAGE_SHARDS') ?? null,
  }
}

async function findOrphans(
  wrangler: RunWrangler,
  worker: string,
  unbound: string[],
): Promise<Map<string, string>> {
  if (unbound.length === 0) return new Map()
  const listed = jsonOf<{ id: string; title: string }[]>(
    await wrangler.capture('kv', 'namespace', 'list'),
    'the list of KV namespaces',
  )
  const found = unbound.map((binding) => {
    const title = provisionedName(worker, binding)
    return [binding, listed.find((namespace) => namespace.title === title)?.id] as const
  })
  return new Map(found.filter((pair): pair is readonly [string, string] => pair[1] !== undefined))
}
