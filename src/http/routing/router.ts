// The router of every resource: schema, handler and OpenAPI together, one shape of failure, and strict: a
// query parameter or a body field that an operation does not define is an error, on every operation.
import { OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import type { FieldError } from '../../contract/problems.ts'
import { quote } from '../../core/text.ts'
import type { AppEnv } from '../app-env.ts'
import { invalidFields, maxErrors, Problem } from '../response/problem.ts'
import { allowMethods, type Operation } from './methods.ts'

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

/** A query without a schema takes no parameters. Forms ignore unknown parameters (RFC 6749 3.2). */
function strict<Route extends RouteConfig>(route: Route): Route {
  const { query } = route.request ?? {}
  const strictQuery = query === undefined ? z.strictObject({}) : (query as z.ZodObject).strict()
  return { ...route, request: { ...route.request, query: strictQuery } }
}

export function invalidRequest({ issues }: { issues: Issue[] }, target: string): Problem {
  return invalidFields(issues.flatMap((issue) => fieldErrors(issue, target)))
}

type Issue = {
  code: string
  path: PropertyKey[]
  message: string
  keys?: string[]
  /** Of a union: the issues of each alternative. */
  errors?: Issue[][]
}

export function fieldErrors(issue: Issue, target: string): FieldError[] {
  const place = issue.path.map(String)
  const path = [...(target === 'json' ? [] : [target]), ...place].map(quote).join('.')
  // zod names the object that holds unknown fields; clients need the fields.
  if (issue.code === 'unrecognized_keys' && issue.keys) {
    const prefix = path === '' ? '' : `${path}.`
    const message = target === 'query' ? 'There is no such parameter' : 'There is no such field'
    return issue.keys
      .slice(0, maxErrors)
      .map((key) => ({ path: `${prefix}${quote(key)}`, message }))
  }
  const meant = issue.errors?.find((kind) => kind.every(({ path }) => path.length > 0))
  if (meant === undefined) return [{ path, message: issue.message }]
  return meant.flatMap((inner) =>
    fieldErrors({ ...inner, path: [...issue.path, ...inner.path] }, target),
  )
}
