// The accounts of the deployment, for the owners of its platform account.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { InferRequestType } from 'hono/client'
import { answer, type DataOf, management } from '../api/client.ts'
import { type Progress, progressOf } from '../api/progress.ts'
import { rangeQuery, type UsageQuery } from '../usage/api.ts'

const { accounts } = management
const account = accounts[':id']

export type Account = DataOf<typeof account.$get>
export type AccountStatus = Account['status']
export type NewAccount = InferRequestType<typeof accounts.$post>['json']
export type AccountChanges = InferRequestType<typeof account.$patch>['json']
export type OwnerInvitation = DataOf<(typeof account)['owner-invitation']['$post']>

export type AccountFilter = { search?: string; status?: AccountStatus }

export const accountsKey = ['platform', 'accounts'] as const

export function accountsQuery(filter: AccountFilter) {
  return infiniteQueryOptions({
    queryKey: [...accountsKey, 'list', filter],
    queryFn: ({ pageParam }) =>
      answer(
        accounts.$get({
          query: { ...filter, limit: '25', ...(pageParam && { cursor: pageParam }) },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: keepPreviousData,
  })
}

export function accountQuery(id: string) {
  return queryOptions({
    queryKey: [...accountsKey, 'one', id],
    queryFn: async () => (await answer(account.$get({ param: { id } }))).data,
  })
}

export function accountUsageQuery(id: string): UsageQuery {
  return (range) =>
    rangeQuery([...accountsKey, 'usage', id], range, async (query) => {
      return (await answer(account.usage.$get({ param: { id }, query }))).data
    })
}

export const createAccount = async (json: NewAccount) =>
  (await answer(accounts.$post({ json }))).data

export async function updateAccount(id: string, json: AccountChanges): Promise<Progress> {
  return progressOf((await answer(account.$patch({ param: { id }, json }))).data)
}

export async function suspendAccount(id: string): Promise<Progress> {
  return progressOf((await answer(account.suspend.$post({ param: { id } }))).data)
}

export async function resumeAccount(id: string): Promise<Progress> {
  return progressOf((await answer(account.resume.$post({ param: { id } }))).data)
}

export async function deleteAccount(id: string): Promise<Progress> {
  return progressOf((await answer(account.$delete({ param: { id } }))).data)
}

export async function inviteOwner(id: string, owner_email: string): Promise<OwnerInvitation> {
  return (await answer(account['owner-invitation'].$post({ param: { id }, json: { owner_email } })))
    .data
}
