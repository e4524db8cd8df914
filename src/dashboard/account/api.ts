// The account as a whole: its export and its deletion.
import { answer, fetchOrProblem, management } from '../api/client.ts'
import type { Progress } from '../api/progress.ts'
import { downloadResponse } from '../ui/download.ts'

const { account } = management

export async function deleteAccount(name: string): Promise<Progress> {
  return (await answer(account.deletion.$post({ json: { name } }))).data
}

export async function cancelDeletion(): Promise<Progress> {
  return (await answer(account.deletion.$delete())).data
}

export async function exportData(): Promise<void> {
  await downloadResponse(await fetchOrProblem('/api/account/export'))
}
