// The account as a whole: its export and its deletion.
import { queryOptions } from '@tanstack/react-query'
import { answer, fetchOrProblem, management } from '../api/client.ts'
import type { Progress } from '../api/progress.ts'
import { downloadResponse } from '../ui/download.ts'

const { account } = management

export const accountDetailsQuery = queryOptions({
  queryKey: ['account-details'],
  queryFn: async () => (await answer(account.$get())).data,
  staleTime: 30_000,
})

export async function deleteAccount(name: string): Promise<Progress> {
  return (await answer(account.deletion.$post({ json: { name } }))).data
}

export async function cancelDeletion(): Promise<Progress> {
  return (await answer(account.deletion.$delete())).data
}

export async function exportData(): Promise<void> {
  await downloadResponse(await fetchOrProblem('/api/account/export'))
}
