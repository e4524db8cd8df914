// The headers of Node's requests, read as those of the web.

export function readNodeHeaders(
  headers: Record<string, string | string[] | undefined>,
): Pick<Headers, 'get'> {
  return {
    get(name) {
      const value = headers[name]
      return (Array.isArray(value) ? value.join(', ') : value) ?? null
    },
  }
}
