// The account as a whole: its second factors, its export and its deletion.
import { queryOptions } from '@tanstack/react-query'
import { answer, fetchOrProblem, management } from '../api/client.ts'
import type { Progress } from '../api/progress.ts'
import { downloadResponse } from '../ui/download.ts'

const { account, members } = management

export async function deleteAccount(name: string): Promise<Progress> {
  return (await answer(account.deletion.$post({ json: { name } }))).data
}

export async function cancelDeletion(): Promise<Progress> {
  return (await answer(account.deletion.$delete())).data
}

export async function exportData(): Promise<void> {
  await downloadResponse(await fetchOrProblem('/api/account/export'))
}

/** The ids of the members who have no second factor. */
export const withoutFactorQuery = queryOptions({
  queryKey: ['members-without-factor'],
  async queryFn() {
    const { data } = await answer(members.factors.$get())
    return new Set(data.filter(({ has_factor }) => !has_factor).map(({ user_id }) => user_id))
  },
})

export const requireFactor = (isRequired: boolean) =>
  answer(account.$patch({ json: { require_factor: isRequired } }))
