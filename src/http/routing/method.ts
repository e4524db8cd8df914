/** The safe methods (RFC 9110 9.2.1) that routes here take: such a request has no effect. */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}
