// Requests to Better Auth, whose endpoints have no types that we could import.
import { fetchOrProblem } from './client.ts'

export async function authGet<T>(path: string): Promise<T> {
  const response = await fetchOrProblem(`/api/auth/${path}`)
  return (await response.json()) as T
}

export async function authPost<T>(path: string, body: Record<string, unknown> = {}): Promise<T> {
  const response = await fetchOrProblem(`/api/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as T
}
