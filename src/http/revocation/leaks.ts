// POST /api/leaks/github: GitHub's secret scanning reports tokens that are public. The body contains tokens: nothing
// of it is ever logged or quoted.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { readJson } from '../../core/json.ts'
import { derToP1363 } from '../../core/signature.ts'
import { type Finding, type Leak, revokeLeaked } from '../../keys/leaks.ts'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'
import { readBytes } from '../routing/body.ts'
import { failure } from '../routing/responses.ts'
import { createRouter } from '../routing/router.ts'
import { byGithub } from '../routing/security.ts'
import type { AppSettings } from '../services.ts'
import { createGithubKeys, type FindPublicKey } from './github-keys.ts'

export const path = '/api/leaks/github'
export const maxReportBytes = 1024 * 1024
const maxFindings = 5_000
const idHeader = 'github-public-key-identifier'
const signatureHeader = 'github-public-key-signature'

const findings = z
  .array(
    z.object({
      token: z.string(),
      type: z.string().openapi({ description: 'The name of the pattern at GitHub' }),
      url: z.string().nullish().openapi({ description: 'Where it was found; may be empty' }),
      source: z.string().nullish().openapi({ example: 'commit' }),
    }),
  )
  .max(maxFindings)

const labels = z.array(
  z.object({
    token_hash: z.string().openapi({ description: 'SHA-256 of the token, hex' }),
    token_type: z.string(),
    label: z.enum(['true_positive', 'false_positive']),
  }),
)

const report = createRoute({
  method: 'post',
  path,
  operationId: 'reportGithubLeaks',
  tags: ['The presented key'],
  security: byGithub,
  summary: "Receive reports of GitHub's secret scanning",
  description:
    "The request of GitHub's secret scanning partner programme, signed by GitHub. Keys whose tokens were found are revoked before the response (`reason` `leaked` in the audit log), and the revocation is in force everywhere shortly after it.",
  request: {
    headers: z.object({ [idHeader]: z.string(), [signatureHeader]: z.string() }),
    body: { required: true, content: { 'application/json': { schema: findings } } },
  },
  responses: {
    200: {
      description: 'For each token in order, whether it belongs or belonged to a key',
      content: { 'application/json': { schema: labels } },
    },
    400: failure('The body is not a report of GitHub'),
    403: failure('Not signed by GitHub'),
    413: failure('The body is too large'),
    503: failure('A store or GitHub did not respond; trying again is safe'),
  },
})

export function createLeakRoutes({ clock }: AppSettings) {
  const router = createRouter()
  const findKey = createGithubKeys(clock)
  // Not `openapi()`: the body is read whatever its content type, and only after the signature is verified.
  router.openAPIRegistry.registerPath(report)
  return router.post(path, async (c) => {
    const body = await readBytes(c.req.raw, maxReportBytes)
    await requireSignature(c, findKey, body)
    const found = readFindings(body)
    // GitHub waits 30 s and a lease may be longer; a committed revocation settles by itself.
    const { hasMail } = c.env.people
    const settings = { ...(await c.env.keySettings({ respondAsync: true })), hasMail }
    const stores = await c.env.changeStores()
    const leaks = await revokeLeaked(stores, settings, found.map(findingOf), c.env.report.id)
    if (leaks.some(({ isOurs }) => isOurs)) {
      c.env.dispatchWebhooks()
      if (hasMail) c.env.sendMail()
    }
    return c.json(
      leaks.map((leak, at) => labelOf(leak, found[at]?.type ?? '')),
      200,
    )
  })
}

/** Of the raw body: parsed and written anew it would be another text. */
async function requireSignature(
  c: Context<AppEnv>,
  findKey: FindPublicKey,
  body: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const id = c.req.header(idHeader)
  const signature = readSignature(c.req.header(signatureHeader))
  if (id === undefined || signature === null) throw notFromGithub()
  const key = await findKey(id, await c.env.githubKeys())
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  if (key === null || !(await crypto.subtle.verify(algorithm, key, signature, body))) {
    throw notFromGithub()
  }
}

function readSignature(base64 = ''): Uint8Array<ArrayBuffer> | null {
  try {
    return derToP1363(Uint8Array.fromBase64(base64))
  } catch {
    return null
  }
}

function notFromGithub(): Problem {
  return new Problem('forbidden', { detail: 'The request is not signed by GitHub.' })
}

/** @throws Problem 400, which quotes nothing, since anything in the body may be a token. */
function readFindings(body: Uint8Array): z.infer<typeof findings> {
  const reading = readJson(body)
  const parsed = findings.safeParse('value' in reading ? reading.value : null)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  const detail = 'The body must be a list of { token, type, url, source }.'
  throw new Problem('invalid_request', { detail, errors: errors.slice(0, 20) })
}

function findingOf({ token, url, source }: z.infer<typeof findings>[number]): Finding {
  return { token, url: url ?? '', source: source ?? 'unknown' }
}

function labelOf({ digest, isOurs }: Leak, type: string): z.infer<typeof labels>[number] {
  const label = isOurs ? 'true_positive' : 'false_positive'
  return { token_hash: digest, token_type: type, label }
}
