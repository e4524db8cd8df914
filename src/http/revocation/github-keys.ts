// The public keys with which GitHub signs the reports of its secret scanning: cached, and fetched again when GitHub
// signs with an unknown one.
import { z } from 'zod'
import { log } from '../../log.ts'
import { unavailable } from '../response/failures.ts'
import type { KeySource } from '../services.ts'

/** The key of an identifier, null where GitHub has none. @throws Problem 503 when GitHub does not answer. */
export type FindPublicKey = (id: string, source: KeySource) => Promise<CryptoKey | null>

const fetchTimeoutMs = 5_000
const refreshAfterMs = 24 * 60 * 60 * 1000
// Anyone can name a key that does not exist: that must not cause a flood of requests to GitHub.
const pauseMs = 60_000
const pauseAfterFailureMs = 5_000

export function createGithubKeys({ now }: { now(): number }): FindPublicKey {
  // Values instead of promises, since workerd does not let a request await the promise of another one.
  let keys: { byId: Map<string, CryptoKey>; fetchedAt: number } | null = null
  let failedAt = Number.NEGATIVE_INFINITY

  async function refresh(source: KeySource): Promise<void> {
    try {
      keys = { byId: await fetchKeys(source), fetchedAt: now() }
    } catch (cause) {
      failedAt = now()
      log('error', 'github_keys_unavailable', { cause })
    }
  }

  return async function findPublicKey(id, source) {
    const age = keys === null ? Number.POSITIVE_INFINITY : now() - keys.fetchedAt
    const isMissing = keys?.byId.has(id) !== true
    const isDue = age > (isMissing ? pauseMs : refreshAfterMs)
    if (isDue && now() - failedAt >= pauseAfterFailureMs) await refresh(source)
    const known = keys?.byId.get(id)
    if (known !== undefined) return known
    // Without a successful fetch since the last failure, the answer is not known.
    if (keys === null || failedAt > keys.fetchedAt) throw unavailable()
    return null
  }
}

const answer = z.object({
  public_keys: z.array(z.object({ key_identifier: z.string(), key: z.string() })),
})

async function fetchKeys({ url, token }: KeySource): Promise<Map<string, CryptoKey>> {
  // GitHub refuses a request without a user agent.
  const headers = new Headers({ accept: 'application/json', 'user-agent': 'latchkey' })
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(fetchTimeoutMs) })
  if (!response.ok) throw new Error(`GitHub answered ${response.status} to a request for its keys.`)
  const { public_keys } = answer.parse(await response.json())
  const pairs = public_keys.map(async ({ key_identifier, key }) => {
    return [key_identifier, await importPublicKey(key)] as const
  })
  return new Map(await Promise.all(pairs))
}

/** SubjectPublicKeyInfo in PEM (RFC 7468 13), on the curve P-256. */
function importPublicKey(pem: string): Promise<CryptoKey> {
  const base64 = pem.replace(/-----[A-Z ]+-----/g, '').replace(/\s/g, '')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  return crypto.subtle.importKey('spki', Uint8Array.fromBase64(base64), algorithm, false, [
    'verify',
  ])
}
