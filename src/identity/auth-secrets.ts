// AUTH_SECRETS for Better Auth.

/**
 * The version is derived from the secret, not from its position, which changes when secrets are rotated. Signing keys
 * stay readable while the secret that encrypted them is listed.
 */
export async function versionedSecrets(secrets: readonly string[]) {
  const digestOf = (value: string) =>
    crypto.subtle.digest('SHA-256', new TextEncoder().encode(`latchkey auth secret ${value}`))
  return Promise.all(
    secrets.map(async (value) => ({
      version: new DataView(await digestOf(value)).getUint32(0),
      value,
    })),
  )
}
