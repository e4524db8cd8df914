// The secrets of a deployment, read by one rule: white space around a secret is never meant (a newline
// comes with `echo secret | wrangler secret put`). A mistake names the secret and never shows it.

/**
 * @returns the secrets of a comma-separated list, newest first, each trimmed.
 * @throws Error for an empty list, an empty entry or control characters inside.
 */
export function readSecretList(name: string, value: string | undefined): string[] {
  return (value ?? '').split(',').map((part) => readSecret(name, part))
}

/** @throws Error when nothing is left of it, or when it has control characters inside. */
export function readSecret(name: string, value: string | undefined): string {
  const secret = (value ?? '').trim()
  if (secret === '') throw new Error(`The secret ${name} is empty, or a part of it is.`)
  if (/\p{Cc}/u.test(secret)) {
    throw new Error(`The secret ${name} has a control character inside: a line break, perhaps.`)
  }
  return secret
}
