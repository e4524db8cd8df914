// The router of every resource: schema, handler and OpenAPI together, one shape of failure, and strict: a
// query parameter or a body field that an operation does not define is an error, on every operation.
import { OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { type Role, roles } from '../../core/role.ts'
import { targetOf } from '../../core/target.ts'
import type { AppEnv } from '../app-env.ts'
import { invalidFields, Problem } from '../response/problem.ts'
import { refuseBadBody, refuseBody } from './body.ts'
import { invalidRequest } from './invalid-request.ts'
import { allowMethods, type Operation } from './methods.ts'
import { formType } from './requests.ts'
import { stepUpAlways } from './security.ts'

export function createRouter(): OpenAPIHono<AppEnv> {
  const router = new OpenAPIHono<AppEnv>({
    defaultHook(result) {
      if (result.success) return
      // Ids are the parameters of our paths: a value that is not an id identifies nothing.
      if (result.target === 'param')
        throw new Problem('not_found', { detail: 'There is no such id.' })
      throw invalidRequest(result.error, result.target)
    },
  })
  const register = router.openapi
  router.openapi = ((route: RouteConfig, ...handlers: [never, never]) =>
    register(strict(route), ...handlers)) as typeof router.openapi
  return router
}

/** Answers 405 for every path that the router has with other methods: to be used before anything else is. */
export function methodsOfRouter(router: OpenAPIHono<AppEnv>, more: readonly Operation[] = []) {
  return allowMethods(function* operations() {
    for (const definition of router.openAPIRegistry.definitions) {
      if (definition.type === 'route') yield definition.route
    }
    yield* more
  })
}

/** The operations whose security requires step-up. */
export function operationsAfterStepUp(router: OpenAPIHono<AppEnv>): Operation[] {
  return declaredOperations(router).filter(({ needs }) => needs.includes(stepUpAlways))
}

/** The operations that no key may call, each with the weakest role of the people who may. */
export function operationsInPerson(router: OpenAPIHono<AppEnv>): (Operation & { weakest: Role })[] {
  return declaredOperations(router).flatMap(({ method, path, schemes, needs }) => {
    const weakest = roles.find((role) => needs.includes(role))
    const isInPerson = schemes.every((scheme) => scheme === 'session' || scheme === 'jwt')
    return isInPerson && weakest !== undefined ? [{ method, path, weakest }] : []
  })
}

/** As Hono spells them, with the security that each declares. */
function declaredOperations(router: OpenAPIHono<AppEnv>) {
  return router.openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== 'route') return []
    const { method, path, security = [] } = definition.route
    const spelled = path.replaceAll(/\{(\w+)\}/g, ':$1')
    const schemes = security.flatMap((each) => Object.keys(each))
    const needs = security.flatMap((each) => Object.values(each).flat())
    return [{ method: method.toUpperCase(), path: spelled, schemes, needs }]
  })
}

/**
 * A query without a schema takes no parameters, a body without one no fields. OAuth's forms and their queries ignore
 * unknown parameters (RFC 6749 3.2), and so does its redirect URI, whose query is a loose object (4.1.2).
 */
function strict<Route extends RouteConfig>(route: Route): Route {
  const { query, body } = route.request ?? {}
  if (body !== undefined && formType in body.content) return route
  const strictQuery = strictQueryOf(query as z.ZodObject | undefined)
  const middleware = [
    ...(strictQuery.def.catchall instanceof z.ZodNever ? [refuseNameless] : []),
    ...(route.method === 'get' ? [] : [body === undefined ? refuseBody : refuseBadBody]),
  ]
  return { ...route, request: { ...route.request, query: strictQuery }, middleware }
}

/** Hono's reading of a query omits parameters without a name. */
const refuseNameless: MiddlewareHandler<AppEnv> = function refuseNameless({ req }, next) {
  if (!/^\?=|&=/.test(targetOf(req.raw.url).query)) return next()
  throw invalidFields([{ path: 'query.', message: 'There is no such parameter' }])
}

function strictQueryOf(query: z.ZodObject | undefined): z.ZodObject {
  if (query === undefined) return z.strictObject({})
  return query.def.catchall === undefined ? query.strict() : query
}
