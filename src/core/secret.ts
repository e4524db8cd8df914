// Comparing what somebody presents with a secret of the deployment.

/** Compares digests: neither time nor length tells anything. No secret set: nothing matches. */
export async function isSameSecret(
  presented: string,
  secret: string | undefined,
): Promise<boolean> {
  if (!secret) return false
  const digest = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [left, right] = await Promise.all([digest(presented), digest(secret)])
  return crypto.subtle.timingSafeEqual(left, right)
}
