// The path of a page of ours that a client names, to which a redirect may lead.

const maxLength = 500

/** Path, query and fragment; null for what another site could be reached by, which would make an open redirect. */
export function readOwnPath(text: string): string | null {
  // Browsers read `\` as `/`, and drop tabs and line breaks.
  if (text.length > maxLength || !/^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(text)) return null
  const url = URL.canParse(text, anywhere) ? new URL(text, anywhere) : null
  if (url?.origin !== anywhere) return null
  const path = url.pathname + url.search + url.hash
  // `/.//other.example` names this path.
  return path.startsWith('//') ? null : path
}

const anywhere = 'https://own.invalid'
