// Routes paths to handlers, in the order in which they are tried. Only what verifies a key is loaded at start;
// management, people and documents are imported by the first request that needs them.
import type { Context, MiddlewareHandler, Next } from 'hono'
import { HonoBase as Hono } from 'hono/hono-base'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import type { AppEnv } from './app-env.ts'
import { refusedAtGate } from './gate.ts'
import { checkGatewayPaths } from './gateway/overlap.ts'
import {
  devMailPaths,
  forwardAuthPaths,
  gatewayPaths,
  guardedResources,
  introspectPath,
  leakPaths,
  mePath,
  openResources,
  ownOperations,
  resourceMetadataPath,
  verifyBatchPath,
  verifyPath,
} from './paths.ts'
import { answerFailure, answerUnknownPath } from './response/failures.ts'
import { harden } from './response/hardening.ts'
import { reporting } from './response/reporting.ts'
import { refusedMethod } from './routing/methods.ts'
import { refuseQuery } from './routing/query.ts'
import type { AppSettings } from './services.ts'
import type { createReadiness } from './status/readiness.ts'
import { me } from './verify/me.ts'

type Handler = (c: Context<AppEnv>, next: Next) => Response | ReturnType<MiddlewareHandler<AppEnv>>

/** @throws Error for settings that hide a path of ours or of the deployer's: the Worker does not start. */
export function createApp(settings: AppSettings): Hono<AppEnv> {
  checkGatewayPaths(settings.config)
  // Of Hono's routers the one that it would choose for these patterns: the others are not loaded at start.
  const app = new Hono<AppEnv>({ router: new RegExpRouter() })
  app.onError(answerFailure)
  app.notFound(answerUnrouted)
  app.use(aroundEveryRoute(settings))

  app.get('/healthz', (c) => {
    refuseQuery(c.req.raw.url)
    return c.json({ status: 'ok' })
  })
  let readiness: ReturnType<typeof createReadiness> | null = null
  app.get('/readyz', async (c) => {
    refuseQuery(c.req.raw.url)
    const { createReadiness } = await import('./status/readiness.ts')
    // After the await: concurrent first requests must share one.
    readiness ??= createReadiness(settings)
    return readiness(c)
  })
  app.get(mePath, me)
  const revocations = lazily(async () =>
    delegateTo((await import('./revocation/routes.ts')).createRevocations(settings)),
  )
  app.delete(mePath, revocations)
  app.all(leakPaths, revocations)
  app.all(
    forwardAuthPaths,
    lazily(async () => (await import('./gateway/forward-auth.ts')).createForwardAuth(settings)),
  )

  const management = lazily(async () =>
    delegateTo((await import('./management/routes.ts')).createManagement(settings)),
  )
  for (const resource of [...guardedResources, ...openResources]) {
    app.all(`/api/${resource}`, management)
    app.all(`/api/${resource}/*`, management)
  }
  addVerification(app, settings)
  addPages(app, settings)
  addGateway(app, settings)
  return app
}

function addVerification(app: Hono<AppEnv>, settings: AppSettings): void {
  // The busiest endpoint bypasses the router of verification.
  app.post(
    verifyPath,
    lazily(async () => (await import('./verify/verify.ts')).createVerifyHandler(settings)),
  )
  const checks = lazily(async () =>
    delegateTo((await import('./verify/routes.ts')).createChecks(settings)),
  )
  for (const path of [verifyPath, verifyBatchPath, introspectPath]) app.all(path, checks)
}

function addPages(app: Hono<AppEnv>, settings: AppSettings): void {
  const documents = lazily(async () =>
    delegateTo((await import('./openapi/routes.ts')).createDocuments(settings)),
  )
  for (const path of ['/openapi.json', '/docs', '/docs/*']) app.get(path, documents)
  app.get(
    resourceMetadataPath,
    lazily(async () => (await import('./openapi/resource-metadata.ts')).resourceMetadata),
  )
  const devMail = lazily(async () => (await import('./dev/mail.ts')).devMail)
  for (const path of devMailPaths) app.get(path, devMail)
}

/** All that is left under its base. Requests for paths of ours do not get here, so CORS opens none of them. */
function addGateway(app: Hono<AppEnv>, settings: AppSettings): void {
  const { cors, gateway } = settings.config
  const paths = gatewayPaths(gateway)
  if (cors !== null && cors !== 'upstream') {
    app.use(
      paths,
      lazily(async () => (await import('./gateway/cors.ts')).createCors(cors, settings.config)),
    )
  }
  app.all(
    paths,
    lazily(async () => (await import('./gateway/gateway.ts')).createGateway(settings)),
  )
}

/** Around every route, in one step: the checks before it, then the headers and the log of every response. */
function aroundEveryRoute(settings: AppSettings): MiddlewareHandler<AppEnv> {
  const refusedMethodOf = refusedMethod(() => ownOperations)
  const report = reporting(settings)
  return async function aroundEveryRoute(c, next) {
    const refused = refusedAtGate(c.req.raw) ?? refusedMethodOf(c.req)
    if (refused === null) await next()
    else c.res = answerFailure(refused, c)
    harden(c)
    report(c)
  }
}

/** A path without a file or a route: a page of the dashboard for a browser, else a problem. */
async function answerUnrouted(c: Context<AppEnv>): Promise<Response> {
  const isPage = c.req.method === 'GET' && c.req.header('accept')?.includes('text/html')
  if (!isPage) return answerUnknownPath(c)
  const index = await c.env.fetchAsset(new URL('/', c.req.url))
  return index.ok ? new Response(index.body, index) : answerUnknownPath(c)
}

/** A handler that is loaded by its first request. */
function lazily(load: () => Promise<Handler>) {
  let handler: Handler | null = null
  return async function handle(c: Context<AppEnv>, next: Next) {
    handler ??= await load()
    return handler(c, next)
  }
}

function delegateTo(router: Pick<Hono<AppEnv>, 'fetch'>): Handler {
  return (c) => router.fetch(c.req.raw, c.env)
}
