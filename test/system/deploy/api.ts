// The routes of the fake API: method and path, as wrangler 4.155 requests them.
import { randomUUID } from 'node:crypto'
import { type Binding, bindingError, createDatabase, query, type World } from './cloud.ts'

// biome-ignore lint/suspicious/noExplicitAny: the body depends on the route
export type Body = { json?: any }
export type Outcome =
  | { result: unknown; result_info?: object }
  | { status: number; code: number; error: string }

type Route = (world: World, path: string[], body: Body, search: URLSearchParams) => Outcome

const workerMissing: Outcome = {
  status: 404,
  code: 10007,
  error: 'This Worker does not exist on your account.',
}
const done: Outcome = { result: {} }

/** null: no such route. */
export function respond(
  { world, account }: { world: World; account: string },
  { method, path }: { method: string; path: string },
  search: URLSearchParams,
  body: Body,
): Outcome | null {
  if (/^\/(accounts|memberships)$/.test(path)) return accountList(account)
  if (!world.loggedIn) return { status: 403, code: 9109, error: 'Invalid access token' }
  // The routes are written for `latchkey`.
  const isStaging = /^\/workers\/\w+\/latchkey-staging(\/|$)/.test(path)
  const itsWorld = isStaging ? worldOfStaging(world) : world
  const itsPath = isStaging ? path.replace('latchkey-staging', 'latchkey') : path
  for (const [pattern, route] of routes) {
    const match = new RegExp(`^${pattern}$`).exec(`${method} ${itsPath}`)
    if (match) return firstPage(route(itsWorld, match.slice(1), body, search), search)
  }
  return null
}

/** The same account, seen from the other Worker. */
function worldOfStaging(world: World): World {
  return Object.defineProperty(Object.create(world), 'worker', {
    get: () => world.staging,
    set(worker) {
      world.staging = worker
    },
  })
}

/** All results fit on one page: later pages are empty. */
function firstPage(outcome: Outcome, search: URLSearchParams): Outcome {
  const isLater = 'result_info' in outcome && Number(search.get('page') ?? 1) > 1
  return isLater ? { ...outcome, result: [] } : outcome
}

function accountList(id: string): Outcome {
  const account = { id, name: 'Example' }
  return list([{ ...account, account }])
}

function list(result: unknown[]): Outcome {
  const count = result.length
  return {
    result,
    result_info: { page: 1, per_page: 100, count, total_count: count, total_pages: 1 },
  }
}

const routes: [string, Route][] = [
  ['GET /user/tokens/verify', () => ({ result: { id: 't', status: 'active' } })],
  ['GET /accounts/[^/]+/tokens/verify', () => ({ status: 400, code: 1000, error: 'not one' })],
  ['GET /user', () => ({ result: { id: 'u', email: 'ops@example.com' } })],

  [
    'GET /d1/database',
    ({ databases }) => list(databases.map(({ name, uuid }) => ({ name, uuid }))),
  ],
  ['POST /d1/database', createD1],
  [
    'GET /d1/database/([^/]+)',
    (world, [id]) => findD1(world, id, (one) => ({ result: databaseOf(one) })),
  ],
  ['POST /d1/database/([^/]+)/query', queryD1],

  ['GET /storage/kv/namespaces', ({ namespaces }) => list(namespaces)],
  ['POST /storage/kv/namespaces', createNamespace],

  [
    'GET /queues',
    ({ queues }, _, __, search) => {
      const names = search.getAll('name')
      return list(queues.filter((q) => names.length === 0 || names.includes(q.name)).map(queueOf))
    },
  ],
  [
    'POST /queues',
    (world, _, { json }) => {
      const queue = { name: json.queue_name, id: randomUUID(), consumers: [] }
      world.queues.push(queue)
      return { result: queueOf(queue) }
    },
  ],
  [
    'GET /queues/([^/]+)/consumers',
    ({ queues }, [id]) => list(queues.find((queue) => queue.id === id)?.consumers ?? []),
  ],
  [
    'POST /queues/([^/]+)/consumers',
    ({ queues }, [id], { json }) => {
      queues
        .find((queue) => queue.id === id)
        ?.consumers.push({ ...json, consumer_id: randomUUID() })
      return done
    },
  ],
  ['PUT /queues/([^/]+)/consumers/.*', () => done],

  [
    'GET /workers/services/latchkey',
    ({ worker }) =>
      worker === null
        ? workerMissing
        : {
            result: {
              default_environment: {
                environment: 'production',
                script: {
                  tag: 'tag-1',
                  tags: [],
                  migration_tag: 'v1',
                  last_deployed_from: 'wrangler',
                },
              },
            },
          },
  ],
  [
    'GET /workers/scripts',
    ({ worker, staging }) =>
      list([
        ...(worker === null ? [] : [{ id: 'latchkey', migration_tag: 'v1' }]),
        ...(staging === null ? [] : [{ id: 'latchkey-staging', migration_tag: 'v1' }]),
      ]),
  ],
  [
    'GET /workers/scripts/latchkey/settings',
    (world) => ofWorker(world, (current) => ({ result: { bindings: current } })),
  ],
  ['PATCH /workers/scripts/latchkey/(?:script-)?settings', () => done],
  [
    'GET /workers/scripts/latchkey/secrets',
    (world) =>
      ofWorker(world, (current) => ({
        result: current
          .filter(({ type }) => type === 'secret_text')
          .map(({ name, type }) => ({ name, type })),
      })),
  ],
  [
    'GET /workers/scripts/latchkey/deployments',
    ({ worker }) =>
      worker === null
        ? workerMissing
        : {
            result: {
              deployments: [
                {
                  id: 'd',
                  source: 'wrangler',
                  created_on: '2026-11-22T00:00:00Z',
                  author_email: '',
                  versions: worker.deployed,
                },
              ],
            },
          },
  ],
  [
    'POST /workers/scripts/latchkey/deployments',
    ({ worker }, _, { json }) => {
      if (worker === null) return workerMissing
      worker.deployed = json.versions
      return { result: { id: 'd' } }
    },
  ],
  [
    'GET /workers/scripts/latchkey/versions/([^/]+)',
    ({ worker }, [id]) => {
      const version = worker?.versions.find((one) => one.id === id)
      if (!version) return workerMissing
      return {
        result: {
          id,
          number: 1,
          metadata: {},
          annotations: {},
          resources: {
            bindings: version.bindings.map(withoutSecret),
            script: {},
            script_runtime: {},
          },
        },
      }
    },
  ],
  ['POST /workers/scripts/latchkey/versions', (world, _, body) => upload(world, body, false)],
  ['PUT /workers/scripts/latchkey', (world, _, body) => upload(world, body, true)],
  [
    'POST /workers/scripts/latchkey/assets-upload-session',
    () => ({ result: { jwt: 'assets', buckets: [] } }),
  ],
  [
    'GET /workers/workers/latchkey',
    ({ worker }) =>
      worker === null
        ? workerMissing
        : { result: { subdomain: { enabled: true, previews_enabled: false } } },
  ],
  ['GET /workers/subdomain', () => ({ result: { subdomain: 'example' } })],
  [
    '(?:GET|POST) /workers/scripts/latchkey/subdomain',
    () => ({ result: { enabled: true, previews_enabled: true } }),
  ],
  [
    'PUT /workers/scripts/latchkey/schedules',
    ({ worker }, _, { json }) => {
      if (worker !== null) worker.crons = json.map(({ cron }: { cron: string }) => cron)
      return done
    },
  ],
  ['GET /workers/domains/records', () => list([])],
  [
    'POST /workers/scripts/latchkey/domains/changeset.*',
    () => ({ result: { added: [], removed: [], updated: [], conflicting: [] } }),
  ],
  [
    'PUT /workers/scripts/latchkey/domains/records',
    ({ worker }, _, { json }) => {
      if (worker !== null)
        worker.domains = json.origins.map(({ hostname }: { hostname: string }) => hostname)
      return done
    },
  ],
]

function currentBindings({ worker }: World): Binding[] | null {
  const id = worker?.deployed.at(-1)?.version_id
  return worker?.versions.find((version) => version.id === id)?.bindings ?? null
}

function ofWorker(world: World, answer: (bindings: Binding[]) => Outcome): Outcome {
  return world.worker === null ? workerMissing : answer(currentBindings(world) ?? [])
}

function upload(world: World, { json }: Body, deploys: boolean): Outcome {
  const before = currentBindings(world) ?? []
  const sent = json.bindings as Binding[]
  const invalid = bindingError(world, sent, before)
  if (invalid !== null) return { status: 400, code: 10021, error: invalid }
  const kept = before.filter(
    ({ name, type }) =>
      (json.keep_bindings ?? []).includes(type) && !sent.some((one) => one.name === name),
  )
  const bindings = sent.map((one) =>
    one.type === 'inherit' ? (before.find(({ name }) => name === one.name) ?? one) : one,
  )
  const version = { id: randomUUID(), bindings: [...kept, ...bindings] }
  world.worker ??= { versions: [], deployed: [], crons: [], domains: [] }
  world.worker.versions.push(version)
  if (deploys) world.worker.deployed = [{ version_id: version.id, percentage: 100 }]
  return {
    result: {
      id: version.id,
      deployment_id: version.id.replaceAll('-', ''),
      etag: 'e',
      startup_time_ms: 20,
      resources: { script: { etag: 'e' } },
    },
  }
}

function withoutSecret({ text, ...binding }: Binding) {
  return binding.type === 'secret_text' ? binding : { ...binding, text }
}

function createD1(world: World, _: string[], { json }: Body): Outcome {
  if (world.databases.some(({ name }) => name === json.name))
    return { status: 400, code: 7502, error: 'A database with that name already exists' }
  const database = createDatabase(json.name)
  world.databases.push(database)
  return { result: databaseOf(database) }
}

function findD1(
  world: World,
  id: string | undefined,
  answer: (one: World['databases'][number]) => Outcome,
): Outcome {
  const database = world.databases.find(({ name, uuid }) => name === id || uuid === id)
  return database
    ? answer(database)
    : { status: 404, code: 7404, error: 'The database was not found' }
}

function queryD1(world: World, [id]: string[], { json }: Body): Outcome {
  return findD1(world, id, ({ sql }) => {
    try {
      return { result: [{ results: query(sql, json.sql), success: true, meta: { duration: 0 } }] }
    } catch (error) {
      return { status: 400, code: 7500, error: String(error) }
    }
  })
}

function databaseOf({ name, uuid }: World['databases'][number]) {
  return { name, uuid, version: 'production', file_size: 0, num_tables: 0 }
}

function createNamespace(world: World, _: string[], { json }: Body): Outcome {
  if (world.namespaces.some(({ title }) => title === json.title))
    return {
      status: 400,
      code: 10014,
      error: 'a namespace with this account ID and title already exists',
    }
  const namespace = { title: json.title, id: randomUUID() }
  world.namespaces.push(namespace)
  return { result: namespace }
}

function queueOf({ name, id, consumers }: World['queues'][number]) {
  return {
    queue_name: name,
    queue_id: id,
    consumers,
    producers: [],
    producers_total_count: 0,
    consumers_total_count: consumers.length,
  }
}
