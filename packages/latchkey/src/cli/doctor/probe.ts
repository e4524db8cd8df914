// A key from its creation to its refusal: what the deployment is for, end to end.
import { deploymentUrl } from '../../deployment-url.ts'
import { LatchkeyError } from '../../error.ts'
import type { Connection } from '../connection.ts'
import { CliError, cliErrorOf, originOf } from '../exit.ts'
import { type Check, failed, ok, skipped } from './check.ts'

const lifetimeMs = 10 * 60_000
const attempts = 5

/** Leaves no key behind that works, whatever happens. */
export async function probe(connection: Connection, skewMs: number): Promise<Check[]> {
  const { client } = connection
  const expires_at = new Date(Date.now() + skewMs + lifetimeMs).toISOString()
  const createdAt = Date.now()
  let made: { id: string; key: string }
  try {
    made = await client.create({ name: 'latchkey doctor', scopes: [], expires_at })
  } catch (error) {
    return [notCreated(error)]
  }
  const created = ok('create', `In ${Date.now() - createdAt} ms.`)
  let isRevoked = false
  const revoke = async () => {
    if (isRevoked) return
    await client.revoke(made.id)
    isRevoked = true
  }
  // An interruption must not leave it either; it also expires by itself.
  const interrupted = () => void revoke().finally(() => process.exit(130))
  process.once('SIGINT', interrupted)
  try {
    return [created, ...(await follow(connection, made.key, revoke))]
  } finally {
    process.off('SIGINT', interrupted)
    await revoke().catch(() => {})
  }
}

async function follow(
  { url }: Connection,
  token: string,
  revoke: () => Promise<void>,
): Promise<Check[]> {
  const used = await use(url, token)
  if (used.status !== 200) return [failed('use', `A new key gets ${textOf(used)}.`, seeLog)]
  const use_ = ok('use', `A new key passes, in ${used.ms} ms.`)
  const revokedAt = Date.now()
  try {
    await revoke()
  } catch (error) {
    return [
      use_,
      failed('revoke', sentenceOf(error), 'It expires in ten minutes. Revoke it by hand.'),
    ]
  }
  const revoked = ok('revoke', `In force everywhere after ${Date.now() - revokedAt} ms.`)
  return [use_, revoked, await refusal(url, token)]
}

const seeLog = 'See the log of the Worker, with the request id.'

/** Of several requests, since any isolate may answer. */
async function refusal(url: string, token: string): Promise<Check> {
  let slowest = 0
  for (let attempt = 0; attempt < attempts; attempt++) {
    const used = await use(url, token)
    slowest = Math.max(slowest, used.ms)
    if (used.status !== 401 || used.code !== 'revoked_api_key') {
      const mend =
        'A revoked key must fail on its next request. See docs/revocation.md, and report it.'
      return failed('refusal', `The revoked key gets ${textOf(used)}.`, mend)
    }
  }
  return ok(
    'refusal',
    `The revoked key is refused ${attempts} times of ${attempts}, in at most ${slowest} ms.`,
  )
}

type Used = { status: number; code: string | null; ms: number }

async function use(url: string, token: string): Promise<Used> {
  const from = Date.now()
  try {
    const response = await fetch(deploymentUrl(url)('/api/v1/me'), {
      ...{
        headers: { 'x-api-key': token },
        redirect: 'manual',
        signal: AbortSignal.timeout(10_000),
      },
    })
    const body = (await response.json().catch(() => null)) as { code?: string } | null
    return { status: response.status, code: body?.code ?? null, ms: Date.now() - from }
  } catch {
    return { status: 0, code: 'unreachable', ms: Date.now() - from }
  }
}

function textOf({ status, code }: Used): string {
  return [status || null, code].filter(Boolean).join(' ')
}

function notCreated(thrown: unknown): Check {
  const error = originOf(thrown)
  const detail = sentenceOf(error)
  if (error instanceof CliError) return skipped('create', detail)
  if (!(error instanceof LatchkeyError)) throw error
  const { httpStatus, code } = error
  if (httpStatus === 401) return failed('create', detail, 'Sign in again: latchkey login.')
  if (httpStatus === 403)
    return failed('create', detail, 'Use a credential that may create keys in this account.')
  if (code === 'quota_exceeded')
    return failed('create', detail, 'Raise the quota, or revoke keys that nobody needs.')
  if (/changes are stopped/i.test(detail)) {
    return failed(
      'create',
      detail,
      'End the restore: deploy without CHANGES = "stopped" (docs/restore.md).',
    )
  }
  return failed('create', detail, seeLog)
}

function sentenceOf(error: unknown): string {
  return (cliErrorOf(error)?.message ?? String(error)).split('\n')[0] ?? ''
}
