// Which pages of other origins may call the gateway with a key (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
import { fail } from './config-error.ts'
import { isOrigin } from './text.ts'

export type CorsInput = {
  /** Exact origins, as browsers send them: `https://app.example.com`, `http://localhost:3000`. */
  origins: readonly string[]
  /** Seconds for which a browser may keep the answer to a preflight; 0 to 86,400, default 600. */
  maxAgeSeconds?: number
}

export type Cors = Required<CorsInput>

/** @throws Error whose message names the invalid setting and the reason. */
export function readCors(input: CorsInput | 'upstream' | null): Cors | 'upstream' | null {
  if (input === null || input === 'upstream') return input
  const { origins, maxAgeSeconds = 600 } = input
  if (!Array.isArray(origins) || origins.length === 0) fail("cors needs origins, or is 'upstream'")
  for (const origin of origins) {
    if (!isOrigin(origin)) {
      fail(`cors.origins has "${origin}": list exact origins, such as https://app.example.com`)
    }
  }
  if (!(Number.isInteger(maxAgeSeconds) && maxAgeSeconds >= 0 && maxAgeSeconds <= 86_400)) {
    fail(`cors.maxAgeSeconds is ${maxAgeSeconds}: it must be 0 to 86,400 seconds`)
  }
  return { origins, maxAgeSeconds }
}
