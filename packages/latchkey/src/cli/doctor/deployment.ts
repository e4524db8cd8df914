// What anybody can check of a deployment: its address, its clock, its stores, its version.
import { deploymentUrl } from '../../deployment-url.ts'
import { isOpenConnection } from '../login.ts'
import { type Check, failed, ok, warning } from './check.ts'

const timeoutMs = 10_000
const maxSkewMs = 5_000
/** The API that this program speaks. */
const apiVersion = '1'

export type Reached = {
  checks: Check[]
  isReached: boolean
  /** The server's clock minus this one's. */
  skewMs: number
}

export async function checkDeployment(url: string): Promise<Reached> {
  const urlOf = deploymentUrl(url)
  const sentAt = Date.now()
  const health = await get(urlOf('/healthz'))
  if (!('response' in health)) return unreached(addressFailure(url, health.error))
  const { response, body } = health
  const isOurs = (body as { status?: unknown } | null)?.status === 'ok'
  if (!response.ok || !isOurs) {
    const detail = `${url} answers ${response.status}, and not as Latchkey does.`
    const mend = 'Check the address and its base path, and what stands in front of the Worker.'
    return unreached(failed('address', detail, mend))
  }
  const skewMs = skewOf(response, sentAt, Date.now())
  const stores = await checkStores(urlOf('/readyz'))
  const document = await checkDocument(urlOf('/openapi.json'), url)
  const checks = [addressOf(url, Date.now() - sentAt), clockOf(skewMs), ...stores, ...document]
  return { checks, isReached: true, skewMs }
}

const unreached = (check: Check): Reached => ({ checks: [check], isReached: false, skewMs: 0 })

function addressOf(url: string, ms: number): Check {
  if (!isOpenConnection(url)) return ok('address', `${url} answers.`)
  const mend = 'Use https: everybody on the way can read the tokens.'
  return warning('address', `${url} answers in ${ms} ms, without TLS.`, mend)
}

type Got = { response: Response; body: unknown } | { error: unknown }

async function get(url: URL): Promise<Got> {
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(url, { redirect: 'manual', signal })
    return { response, body: await response.json().catch(() => null) }
  } catch (error) {
    return { error }
  }
}

/** @returns the check that says why there is no connection. */
function addressFailure(url: string, error: unknown): Check {
  const { cause, name } = error as { cause?: { code?: string }; name?: string }
  const code = cause?.code ?? name ?? 'unknown'
  const detail = `${url} cannot be reached (${code}).`
  if (/CERT|TLS|SSL|ERR_TLS|SELF_SIGNED/.test(code)) {
    return failed(
      'address',
      detail,
      'The certificate is not valid for this machine: renew it, or mend the name.',
    )
  }
  const mends: Record<string, string> = {
    ENOTFOUND: 'No such host: check its spelling, and the DNS.',
    EAI_AGAIN: 'The DNS does not answer: check the connection of this machine.',
    ECONNREFUSED: 'Nothing listens there: check the port, and whether it runs.',
    TimeoutError: `No answer in ${timeoutMs / 1_000} s: check firewalls and the route.`,
  }
  return failed(
    'address',
    detail,
    mends[code] ?? 'Check the address, and the connection of this machine.',
  )
}

function skewOf(response: Response, sentAt: number, receivedAt: number): number {
  const date = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(date)) return 0
  // The header has whole seconds.
  return date + 500 - (sentAt + receivedAt) / 2
}

function clockOf(skewMs: number): Check {
  const seconds = Math.abs(skewMs / 1_000).toFixed(1)
  const detail = `This machine is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} the server.`
  if (Math.abs(skewMs) <= maxSkewMs) return ok('clock', detail)
  const mend =
    'Set the clock of this machine by NTP: codes of authenticator apps and times of expiry depend on it.'
  return failed('clock', detail, mend)
}

const storeMends: Record<string, string> = {
  database:
    'D1 (binding DB): check the binding, whether migrations ran, and the status of Cloudflare.',
  cache: 'KV (binding KEY_CACHE): check the binding, and the status of Cloudflare.',
  fence: 'The Durable Object FENCE: check its binding and its migration.',
  meter: 'The Durable Object METER: check its binding and its migration.',
  queue: 'The queue (binding USAGE): check the binding, and that the queue exists.',
  raises: 'Changes wait for a region: see the status page of the dashboard for which.',
}

async function checkStores(url: URL): Promise<Check[]> {
  const got = await get(url)
  if (!('response' in got)) {
    return [failed('stores', '/readyz does not answer.', 'See the log of the Worker.')]
  }
  type Found = { checks?: Record<string, { ok: boolean; ms: number }> }
  const { checks } = (got.body ?? {}) as Found
  if (checks === undefined) {
    const detail = `/readyz answers ${got.response.status}.`
    return [failed('stores', detail, 'See the log of the Worker.')]
  }
  return Object.entries(checks).map(([name, { ok: isOk, ms }]) => {
    if (isOk) return ok(name, `Answers in ${ms} ms.`)
    return failed(
      name,
      `Does not answer (${ms} ms).`,
      storeMends[name] ?? 'See the log of the Worker.',
    )
  })
}

async function checkDocument(url: URL, given: string): Promise<Check[]> {
  const got = await get(url)
  type Found = { info?: { version?: string }; servers?: { url?: string }[] }
  const { info, servers } = ('response' in got ? (got.body ?? {}) : {}) as Found
  if (info?.version === undefined) {
    return [failed('version', '/openapi.json does not answer.', 'See the log of the Worker.')]
  }
  const version =
    info.version === apiVersion
      ? ok('version', `Version ${info.version} of the API.`)
      : failed(
          'version',
          `Version ${info.version} of the API, not ${apiVersion}.`,
          'Update latchkey.',
        )
  const base = servers?.[0]?.url
  if (base === undefined || base === new URL(given).origin) return [version]
  const detail = `BASE_URL is ${base}, and the address ${given}.`
  const mend =
    'Set BASE_URL to the public address: links in mail, sign-in and passkeys depend on it.'
  return [version, warning('base url', detail, mend)]
}
