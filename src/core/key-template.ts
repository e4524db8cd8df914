/** Fills in the form of a new key in the dashboard. It grants nothing: the key is created as the person who sends the form may. */
export type KeyTemplate = {
  /** What such a key is for, in a sentence. */
  description: string
  name?: string
  scopes?: readonly string[]
  /** The default format if left out. */
  format?: string
  /** Never if null; the form's own choice if left out. */
  expiresInDays?: number | null
  allowedIps?: readonly string[]
  rateLimit?: readonly { limit: number; windowSeconds: number; name?: string; mode?: 'fast' }[]
  metadata?: Record<string, unknown>
}
