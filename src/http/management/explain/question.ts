// The request that is to be explained: what it needs of a key, and where it goes to the gateway its route.
import type { Config } from '../../../core/config.ts'
import { defaultEnvironment, environmentsOfRequest } from '../../../core/environment.ts'
import { isAmbiguous, readPath } from '../../../core/path.ts'
import type { AccessRequest } from '../../../core/verdict.ts'
import {
  type CompiledPolicy,
  needsOfRequest,
  type RequestRoute,
  routeOf,
} from '../../gateway/admission.ts'
import { gatewayPaths, ownPaths } from '../../paths.ts'
import { invalidFields } from '../../response/problem.ts'
import type { ExplainRequest } from './schema.ts'

export type Question = {
  access: AccessRequest
  /** null: a service verifies the key. `isAmbiguous`: the gate refuses the path before the key is looked at. */
  target: { route: RequestRoute; isAmbiguous: boolean } | null
}

/** @throws Problem 400 for a path that does not reach the gateway */
export function questionOf(
  { method, path, ip = null, ...given }: ExplainRequest,
  policy: CompiledPolicy,
  config: Pick<Config, 'gateway'>,
): Question {
  const { scopes = [], any_of = null, environment } = given
  if (method === undefined || path === undefined) {
    const environments = environmentsOfRequest(environment ?? defaultEnvironment)
    return { access: { scopes, anyOf: any_of, environments, ip }, target: null }
  }
  const target = {
    // Without headers: whoever sends an override of the method is refused.
    route: routeOf(policy, new Headers(), method, path),
    isAmbiguous: isAmbiguous(path),
  }
  if (!target.isAmbiguous && !isOfGateway(path, config.gateway)) {
    throw invalidFields([{ path: 'path', message: 'The gateway does not take this path' }])
  }
  const { anyOf, environments } = needsOfRequest(target.route)
  // What the API asks of its caller beside the policy, as a service that verifies the key too.
  const named = environment === undefined ? environments : environmentsOfRequest(environment)
  return { access: { scopes, anyOf, environments: named, ip }, target }
}

/** Whether it is under the base of the gateway, and none of our own. The router decodes it as the one reader does. */
function isOfGateway(path: string, gateway: Config['gateway']): boolean {
  const read = `/${readPath(path)?.join('/') ?? ''}`
  const isIn = (tree: string) =>
    tree.endsWith('/*') ? `${read}/`.startsWith(tree.slice(0, -1)) : read === tree
  return isIn(gatewayPaths(gateway)) && !ownPaths.some(isIn)
}
