// The RPC of service bindings: `env.LATCHKEY.verify({ token, … })`. The deployer chose who holds the binding, so
// keys of every account are answered. Parsed by hand: zod would cost the hot path.
import {
  type BindingVerifyRequest,
  maxIdempotencyKeyLength,
  type VerifyAnswer,
} from '../contract/verify.ts'
import { isAddress } from '../core/address.ts'
import {
  anyEnvironment,
  defaultEnvironment,
  environmentsOf,
  environmentsOfRequest,
} from '../core/environment.ts'
import { needRefusal } from '../core/scope-matcher.ts'
import { quote } from '../core/text.ts'
import type { VerdictConfig } from '../core/verdict.ts'
import type { Report } from '../http/report.ts'
import { countTiers, logSamples } from '../http/response/count-usage.ts'
import { isSampled, writeLine } from '../http/response/log-line.ts'
import { Problem } from '../http/response/problem.ts'
import type { Services } from '../http/services.ts'
import { invalidKey, type VerifyInput, verifyFor } from '../http/verify/verify-token.ts'
import type { Isolate } from './context.ts'
import { RequestServices } from './services.ts'

type Context = Pick<ExecutionContext, 'waitUntil'>

/**
 * Whether a token is valid now for the scopes, address and cost of the request.
 * @throws TypeError for a malformed request, naming the field.
 * @throws Error that begins with `authority_unavailable` when the answer is not known: an answer could be taken
 * for a refusal, and a good key be thrown away.
 */
export async function verifyByBinding(
  isolate: Isolate,
  env: Env,
  context: Context,
  request: BindingVerifyRequest,
): Promise<VerifyAnswer> {
  const input = readRequest(request, isolate.config)
  // The client decides what it presents as a token, so a token that is no text is not the caller's mistake.
  if (input === null) return invalidKey
  const services = new RequestServices(isolate, env, context)
  const { report } = services
  try {
    return await verifyFor('all', { services, from: request, caller: 'binding' }, input)
  } catch (error) {
    report.cause ??= error
    throw serializable(error)
  } finally {
    countTiers(services, report, request)
    reportCall(services, report, request.cf)
  }
}

function reportCall(services: Services, report: Report, cf: unknown): void {
  const ms = services.clock.now() - report.startedAt
  if (report.sampled.length > 0) {
    logSamples(services, report, { method: null, route: null, cf, ms })
  }
  if (report.cause === null && !isSampled(services)) return
  writeLine(report, { endpoint: 'rpc', route: 'verify', cf, ms })
}

/** Errors lose their class on the way to another Worker, so the code goes into the message. */
function serializable(error: unknown): unknown {
  return error instanceof Problem ? new Error(`${error.code}: ${error.message}`) : error
}

type Fields = { [Field in keyof BindingVerifyRequest]?: unknown }

function readRequest(request: unknown, config: VerdictConfig): VerifyInput | null {
  if (typeof request !== 'object' || request === null) fail('one object: { token, … }', request)
  const { token, scopes, any_of, environment, ip, cost, idempotencyKey, fresh }: Fields = request
  const fields = {
    scopes: readNeeds('scopes', scopes, config) ?? [],
    anyOf: readAnyOf(any_of, config),
    environments: readEnvironment(environment, config),
    ip: readAddress(ip),
    fresh: readFresh(fresh),
    cost: readCost(cost),
    idempotencyKey: readIdempotencyKey(idempotencyKey),
  }
  return typeof token === 'string' ? { token, ...fields } : null
}

function readNeeds(
  field: string,
  needs: unknown,
  { scopes: catalogue }: VerdictConfig,
): readonly string[] | null {
  if (needs === undefined) return null
  if (!Array.isArray(needs)) fail(`${field} as a list of scopes`, needs)
  for (const need of needs) {
    if (typeof need !== 'string') fail(`${field} as a list of text`, need)
    const refusal = needRefusal(need, catalogue)
    // The caller's own code names it: it is no token.
    if (refusal !== null) throw new TypeError(`verify cannot need ${quote(need)}: ${refusal}.`)
  }
  return needs
}

/** An empty list would refuse every key, and name nothing that is missing. */
function readAnyOf(needs: unknown, config: VerdictConfig): readonly string[] | null {
  const anyOf = readNeeds('any_of', needs, config)
  return anyOf?.length === 0 ? fail('any_of as one scope or more', needs) : anyOf
}

function readEnvironment(environment: unknown, config: VerdictConfig): readonly string[] | null {
  if (environment === undefined) return environmentsOfRequest(defaultEnvironment)
  const known = [...environmentsOf(config), anyEnvironment]
  if (typeof environment !== 'string' || !known.includes(environment)) {
    fail(`environment as one of ${known.join(', ')}`, environment)
  }
  return environmentsOfRequest(environment)
}

function readAddress(ip: unknown): string | null {
  if (ip === undefined || ip === null) return null
  if (typeof ip !== 'string') fail("ip as the text of the client's address", ip)
  // Clients can influence this value: what is no address counts as unknown, and no list allows it.
  return isAddress(ip) ? ip : null
}

function readFresh(fresh: unknown): boolean {
  return fresh === undefined || typeof fresh === 'boolean'
    ? (fresh ?? false)
    : fail('fresh as a boolean', fresh)
}

function readCost(cost: unknown): number {
  if (cost === undefined) return 1
  if (Number.isSafeInteger(cost) && (cost as number) >= 0) return cost as number
  return fail('cost as a whole number from 0', cost)
}

function readIdempotencyKey(key: unknown): string | null {
  if (key === undefined) return null
  if (typeof key === 'string' && key.length >= 1 && key.length <= maxIdempotencyKeyLength)
    return key
  return fail(`idempotencyKey as text of 1 to ${maxIdempotencyKeyLength} characters`, key)
}

function fail(expected: string, given: unknown): never {
  throw new TypeError(`verify takes ${expected}; it was given ${kindOf(given)}.`)
}

/** Never the value itself, which may be a token in the wrong field. */
function kindOf(value: unknown): string {
  if (value === null || typeof value === 'number') return String(value)
  return Array.isArray(value) ? 'a list' : typeof value
}
