// The challenge of a 401 (RFC 6750 3): of a deployment with its metadata (RFC 9728 5.1).
export const metadataPath = '/.well-known/oauth-protected-resource'

/** @param baseUrl null: of a server that Latchkey protects. */
export function bearerOf(baseUrl: string | null): string {
  const metadata = baseUrl === null ? '' : `, resource_metadata="${baseUrl}${metadataPath}"`
  return `Bearer realm="latchkey"${metadata}`
}
