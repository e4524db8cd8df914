// Every route that the Worker answers, with a request that succeeds: from the OpenAPI document that the app serves,
// Better Auth's list of endpoints, the policies, and the pages. A new route is in it by itself.
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { createDocument, type Operation, operationsOf } from '../../../src/http/openapi/document.ts'
import {
  type Caller,
  type Permission,
  permissionsOf,
} from '../../../src/http/openapi/permissions.ts'
import { newSigner, publicView, signed } from '../github.ts'
import config from '../latchkey.config.ts'
import { credentialOf, openWorld, type World } from '../permission-matrix.ts'
import { requestOf } from '../permission-requests.ts'
import { type createSkippingClock, createTestApp } from '../test-app.ts'
import { type Watch, watchBindings } from '../watch.ts'

export type Section = Permission['section'] | 'pages'

export type EveryRoute = {
  name: string
  section: Section
  method: string
  /** With parameters as `{name}`. */
  path: string
  operation: Operation | null
  /** Of the credential that is permitted most often. */
  caller: Caller | 'operator' | 'github'
  /** Its protocol is of others: what it does not know it ignores (api.md, "Strict"). */
  ignoresUnknown: boolean
  /** Refused to everybody. */
  isClosed: boolean
}

export type Sent = {
  method: string
  path: string
  headers: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer>
}

export type Everything = Awaited<ReturnType<typeof openEverything>>

const preferred: Caller[] = [
  ...(['anonymous', 'jwt', 'owner', 'verifier', 'key', 'platformOwner'] as const),
  ...(['awaiting', 'portalKey', 'portalSession'] as const),
]

/** GET only; `/` is the dashboard, whose files the Worker passes on. */
export const pages = ['/openapi.json', '/docs', '/docs/errors', '/docs/style.css']

const others = [
  'POST /api/v1/introspect',
  'POST /api/leaks/github',
  'GET /.well-known/oauth-protected-resource',
  'GET /api/auth/jwks',
  'GET /api/auth/callback/{provider}',
  ...pages.map((path) => `GET ${path}`),
]

export async function openEverything(
  options: { clock?: ReturnType<typeof createSkippingClock>; bindings?: Partial<Env> } = {},
) {
  const watch: Watch = watchBindings(options.bindings)
  const bindings = {
    ...{ SIGN_IN_PER_MINUTE: '100000' as never },
    ...options.bindings,
    ...watch.bindings,
  }
  const app = await createTestApp({ bindings, ...(options.clock && { clock: options.clock }) })
  const document = createDocument(app.isolate, env.BASE_URL)
  const world = await openWorld(app)
  const signer = await newSigner()
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () =>
    Response.json({ public_keys: [publicView(signer)] }),
  )
  const operations = new Map(
    operationsOf(document).map(({ method, path, operation }) => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  )

  const rows: Pick<Permission, 'method' | 'path' | 'cells'>[] = []
  const sections = new Map<string, Section>()
  const policyRoutes = config.policies[config.gateway.policy]?.routes ?? []
  for (const row of permissionsOf(document, policyRoutes)) {
    rows.push(row)
    sections.set(`${row.method} ${row.path}`, row.section)
  }
  const all = { anonymous: 'yes' } as Permission['cells']
  for (const path of pages) rows.push({ method: 'GET', path, cells: all })

  const routes = rows.map(({ method, path, cells }): EveryRoute => {
    const name = `${method} ${path}`
    const operation = operations.get(name) ?? null
    const section = sections.get(name) ?? 'pages'
    const schemes = (operation?.security ?? []).flatMap((each) => Object.keys(each))
    const special = schemes.includes('githubSignature')
      ? 'github'
      : schemes.includes('setupToken') && 'operator'
    const caller = special || preferred.find((each) => cells[each] === 'yes')
    const isProxied = section === 'gateway' || path.startsWith('/forward-auth/')
    return {
      ...{ name, section, method, path, operation },
      caller: caller ?? 'anonymous',
      isClosed: caller === undefined,
      ignoresUnknown: isProxied || others.includes(name),
    }
  })

  /** A request that succeeds; `of` makes what it names in another world. */
  async function sampleOf(route: EveryRoute, of: World = world): Promise<Sent> {
    const { method, caller } = route
    const known = caller === 'github' || caller === 'operator' ? 'anonymous' : caller
    const row = { method, path: route.path } as Permission
    const { path, headers, body } = await requestOf(document, of, row, known)
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const credential = { ...(await credentialOf(world, known)) }
    // By JWT, as other management.
    if (known === 'platformOwner') credential.authorization = `Bearer ${world.platform.owner.jwt}`
    if (caller === 'operator') credential.authorization = `Bearer ${env.SETUP_TOKEN}`
    return {
      ...{ method, path },
      headers: {
        ...credential,
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...(headers as Record<string, string>),
      },
      ...(text !== undefined && { body: text as string }),
    }
  }

  /** Sent as it is, but for GitHub's signature, which is over the body. */
  async function send(route: EveryRoute, { method, path, headers, body }: Sent) {
    const own = route.caller === 'github' ? await signed(signer, body ?? '') : {}
    watch.clear()
    const response = await app.send(path, {
      method,
      headers: { 'cf-connecting-ip': someAddress(), ...own, ...headers },
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text }
  }

  const signedAsGithub = (body: string) => signed(signer, body)

  /** Of Globex, in the place of ours. */
  const theirs: World = { ...world, acme: world.globex, globex: world.acme }
  return { app, document, world, theirs, routes, sampleOf, send, signedAsGithub, watch }
}

// A separate address for each request, so that none is throttled for another.
const someAddress = () => [198, ...crypto.getRandomValues(new Uint8Array(3))].join('.')
