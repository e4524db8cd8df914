// Which pages of other origins may call the gateway with a key (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
import { fail } from './config-error.ts'

export type CorsInput = {
  /** Exact origins, as browsers send them: `https://app.example.com`, `http://localhost:3000`. */
  origins: readonly string[]
  /** Seconds for which a browser may keep the answer to a preflight; 0 to 86,400, default 600. */
  maxAgeSeconds?: number
}

export type Cors = Required<CorsInput>

const longestSeconds = 86_400

/** @throws Error whose message names the invalid setting and the reason. */
export function readCors(input: CorsInput | 'upstream' | null): Cors | 'upstream' | null {
  if (input === null || input === 'upstream') return input
  if (typeof input !== 'object' || !Array.isArray(input.origins)) {
    fail("cors must be { origins: ['https://app.example.com'] } or 'upstream'")
  }
  const { origins, maxAgeSeconds = 600 } = input
  if (origins.length === 0) fail('cors.origins is empty: list the origins, or leave cors out')
  for (const origin of origins) checkOrigin(origin)
  if (!Number.isInteger(maxAgeSeconds) || maxAgeSeconds < 0 || maxAgeSeconds > longestSeconds) {
    fail(`cors.maxAgeSeconds is ${maxAgeSeconds}: it must be 0 to 86,400 seconds`)
  }
  return { origins: [...origins], maxAgeSeconds }
}

/** `*` would open the gateway to every page, and `null` is the origin of every sandboxed frame and local file. */
function checkOrigin(text: string): void {
  if (text === '*' || text === 'null') {
    fail(`cors.origins has "${text}": list exact origins, such as https://app.example.com`)
  }
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname.includes('*')) {
    fail(`cors.origins has "${text}", which is not an origin such as https://app.example.com`)
  }
  // Browsers send this spelling only: lower case, no default port, no path.
  if (url.origin !== text) fail(`cors.origins has "${text}": browsers send it as "${url.origin}"`)
}
