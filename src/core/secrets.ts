// Parses the secrets of a deployment. White space around a secret is removed: `echo secret | wrangler secret
// put` adds a newline. Errors name the secret and never quote it.

/**
 * @returns the secrets of a comma-separated list, newest first, each trimmed.
 * @throws Error for an empty list, an empty entry or control characters inside.
 */
export function readSecretList(name: string, value: string | undefined): string[] {
  return (value ?? '').split(',').map((part) => readSecret(name, part))
}

/** The trimmed secret. @throws Error when it is empty, or contains control characters. */
export function readSecret(name: string, value: string | undefined): string {
  const secret = (value ?? '').trim()
  if (secret === '') throw new Error(`The secret ${name} is empty, or a part of it is.`)
  if (/\p{Cc}/u.test(secret)) {
    throw new Error(`The secret ${name} has a control character inside: a line break, perhaps.`)
  }
  return secret
}
