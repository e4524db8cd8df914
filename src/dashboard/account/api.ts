// The account as a whole, and its end.
import { queryOptions } from '@tanstack/react-query'
import { answer, management } from '../api/client.ts'
import type { Progress } from '../keys/api.ts'

const { account } = management

export const accountFactsQuery = queryOptions({
  queryKey: ['account-facts'],
  queryFn: async () => (await answer(account.$get())).data,
  staleTime: 30_000,
})

export async function deleteAccount(name: string, password: string): Promise<Progress> {
  return (await answer(account.deletion.$post({ json: { name, password } }))).data
}

export async function keepAccount(): Promise<Progress> {
  return (await answer(account.deletion.$delete())).data
}

export const exportPath = '/api/account/export'
