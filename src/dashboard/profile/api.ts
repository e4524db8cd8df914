// The user's own sessions and password.
import { queryOptions } from '@tanstack/react-query'
import { hc } from 'hono/client'
import type { createSessionRoutes } from '#worker/management/people/sessions.ts'
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
