// Cutting out of a text whatever looks like a token: errors quote, and clients put tokens into paths
// and field names. What is left may be logged and answered.

// PREFIX_ and 16 letters or more (the shortest safe format has more), a JWT, or 40 letters in one run.
const secrets =
  /[A-Za-z0-9][\w-]*_[0-9A-Za-z]{16,}|eyJ[\w-]+\.[\w-]+\.[\w-]*|(?<![0-9A-Za-z])[0-9A-Za-z]{40,}/g

export function redact(text: string): string {
  return text.replace(secrets, '[redacted]')
}
