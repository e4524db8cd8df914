// Compares a presented value with a secret of the deployment.

/**
 * Compares digests, so that the time depends on neither the content nor the length of the secret. False
 * when no secret is set.
 */
export async function isSameSecret(
  presented: string,
  secret: string | undefined,
): Promise<boolean> {
  if (!secret) return false
  const digest = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [left, right] = await Promise.all([digest(presented), digest(secret)])
  return crypto.subtle.timingSafeEqual(left, right)
}
