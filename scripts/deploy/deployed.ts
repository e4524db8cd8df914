// What Cloudflare has of this Latchkey: read anew by each run, so that no file of ours has to remember it.
import { Refusal } from '../settings.ts'
import { type Plan, provisionedName, publicUrl } from './plan.ts'
import { type Answer, jsonOf, type RunWrangler } from './run-wrangler.ts'

export type Deployed = {
  /** Whether the Worker is there. */
  exists: boolean
  secrets: Set<string>
  databases: Set<string>
  /** Its BASE_URL, where that is a public address. */
  url: string | null
  /** Namespaces that a run which failed later created, by binding: wrangler would trip over the name. */
  orphans: Map<string, string>
}

export async function readDeployed(wrangler: RunWrangler, plan: Plan): Promise<Deployed> {
  const [listed, found] = await Promise.all([
    wrangler.ask('secret', 'list', '--format', 'json'),
    wrangler.ask('d1', 'list', '--json'),
  ])
  const exists = listed.ok || !isMissing(listed)
  const secrets = exists ? jsonOf<{ name: string }[]>(listed, 'which secrets exist') : []
  const databases = jsonOf<{ name: string }[]>(found, 'which databases exist')
  const { url, bound, stopped } = exists ? await readVersion(wrangler) : none
  if (stopped) {
    throw new Refusal(
      'Changes are stopped (CHANGES): D1 is being restored, or a restore broke off. Finish it first ' +
        '(docs/restore.md): deploying now would let changes go on.',
    )
  }
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

/** Cloudflare's code for a Worker that does not exist; `secret list` says it in words. */
function isMissing({ stdout, stderr }: Answer): boolean {
  return /Worker "[^"]*" not found|\[code: 10007\]/.test(stdout + stderr)
}

type Deployment = { versions: { version_id: string; percentage: number }[] }
type Version = { resources: { bindings: { name: string; type: string; text?: string }[] } }

type DeployedVersion = { url: string | null; bound: string[]; stopped: boolean }
const none: DeployedVersion = { url: null, bound: [], stopped: false }

/** What the deployed version knows as its address and is bound to. @throws Refusal during a gradual deployment */
export async function readVersion(wrangler: RunWrangler): Promise<DeployedVersion> {
  const status = await wrangler.ask('deployments', 'status', '--json')
  // `wrangler secret put` makes a Worker that was never deployed.
  if (!status.ok && /has no deployments/.test(status.stdout + status.stderr)) {
    return none
  }
  const { versions } = jsonOf<Deployment>(status, 'which version is deployed')
  if (versions.length > 1) {
    throw new Refusal(
      'A gradual deployment is under way: two versions share the traffic. Bring it to an end first, ' +
        'with `npx wrangler versions deploy`: deploying now would cut it short.',
    )
  }
  const id = versions[0]?.version_id ?? ''
  const view = await wrangler.ask('versions', 'view', id, '--json')
  const { bindings } = jsonOf<Version>(view, `what version ${id} is bound to`).resources
  const textOf = (wanted: string) => bindings.find(({ name }) => name === wanted)?.text
  return {
    url: publicUrl(textOf('BASE_URL')),
    bound: bindings.map(({ name }) => name),
    stopped: textOf('CHANGES') === 'stopped',
  }
}

async function findOrphans(
  wrangler: RunWrangler,
  worker: string,
  unbound: string[],
): Promise<Map<string, string>> {
  if (unbound.length === 0) return new Map()
  const listed = jsonOf<{ id: string; title: string }[]>(
    await wrangler.ask('kv', 'namespace', 'list'),
    'which KV namespaces exist',
  )
  const found = unbound.map((binding) => {
    const title = provisionedName(worker, binding)
    return [binding, listed.find((namespace) => namespace.title === title)?.id] as const
  })
  return new Map(found.filter((pair): pair is readonly [string, string] => pair[1] !== undefined))
}
