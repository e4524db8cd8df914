// Requests to Better Auth, whose endpoints have no types that we could import.
import { fetchOrProblem } from './client.ts'

export async function authGet<T>(path: string): Promise<T> {
  const response = await fetchOrProblem(`/api/auth/${path}`)
  return (await response.json()) as T
}

type Body = Record<string, unknown>

export const authPost = <T>(path: string, body: Body = {}): Promise<T> => send('POST', path, body)
export const authPatch = <T>(path: string, body: Body): Promise<T> => send('PATCH', path, body)

export async function authDelete(path: string): Promise<void> {
  await fetchOrProblem(`/api/auth/${path}`, { method: 'DELETE' })
}

async function send<T>(method: string, path: string, body: Body): Promise<T> {
  const response = await fetchOrProblem(`/api/auth/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as T
}
