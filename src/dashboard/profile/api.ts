// Where the person is signed in.
import { queryOptions } from '@tanstack/react-query'
import { hc } from 'hono/client'
import type { createSessionRoutes } from '#worker/management/people/sessions.ts'
import { answer, type DataOf, fetchOrProblem } from '../api/client.ts'

const sessions = hc<ReturnType<typeof createSessionRoutes>>('/', { fetch: fetchOrProblem }).api
  .sessions

export type PersonSession = DataOf<typeof sessions.$get>[number]

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async () => (await answer(sessions.$get())).data,
})

export const endSession = (id: string) => answer(sessions[':id'].$delete({ param: { id } }))

export const endOtherSessions = async () => (await answer(sessions.$delete())).data.ended
