import { readingPosts, removablePaths, removingPosts } from '../paths.ts'

/** The safe methods (RFC 9110 9.2.1) that routes here take: such a request has no effect. */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** Whether a request to our own API has no effect: by its method, or by what the operation is. */
export function onlyReads({ method, path }: { method: string; path: string }): boolean {
  return isSafeMethod(method) || (method === 'POST' && readingPosts.includes(path))
}

/** Whether a request to our own API can do nothing but take powers away: it revokes keys, or removes a member or an endpoint. */
export function onlyRemoves({ method, path }: { method: string; path: string }): boolean {
  if (method === 'POST') return removingPosts.includes(path)
  return method === 'DELETE' && removablePaths.some((removable) => path.startsWith(removable))
}
