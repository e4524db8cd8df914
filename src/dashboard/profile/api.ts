// The user's own sessions and password.
import { queryOptions } from '@tanstack/react-query'
import { hc } from 'hono/client'
import type { createSessionRoutes } from '#worker/management/people/sessions.ts'
import type { createLinkRoutes } from '#worker/management/people/sign-in-with/links.ts'
import { authPost } from '../api/better-auth.ts'
import { answer, clientOptions, type DataOf } from '../api/client.ts'

const { sessions } = hc<ReturnType<typeof createSessionRoutes>>('/', clientOptions).api

export type UserSession = DataOf<typeof sessions.$get>[number]

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async () => (await answer(sessions.$get())).data,
})

export const endSession = (id: string) => answer(sessions[':id'].$delete({ param: { id } }))

/** Resolves with the number of sessions that were ended. */
export const endOtherSessions = async () => (await answer(sessions.$delete())).data.ended

export const changePassword = (currentPassword: string, newPassword: string) =>
  authPost('change-password', { currentPassword, newPassword })

const { links } = hc<ReturnType<typeof createLinkRoutes>>('/', clientOptions).api.auth

export type Link = DataOf<typeof links.$get>[number]

/** The other providers with which the user signs in. */
export const linksQuery = queryOptions({
  queryKey: ['links'],
  queryFn: async () => (await answer(links.$get())).data,
})

/** Resolves with the address of a provider, which sends the browser back to `next`. */
export const beginLink = async (provider: string, next: string): Promise<string> =>
  (await answer(links.$post({ json: { provider, next } }))).data.url

export const removeLink = (id: string) => answer(links[':id'].$delete({ param: { id } }))
