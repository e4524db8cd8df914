// An account in a terminal.
import type { PlatformAccount } from '../../account-types.ts'
import { type Column, printDetails } from '../table.ts'
import { printJson, say } from '../terminal.ts'

export const accountColumns: readonly Column<PlatformAccount>[] = [
  { title: 'id', of: ({ id }) => id, isWhole: true },
  { title: 'name', of: ({ name }) => name },
  {
    title: 'status',
    of: ({ status }) => status,
    colour: ({ status }) => (status === 'active' ? 'green' : 'yellow'),
  },
  { title: 'keys', of: ({ counts }) => counts.keys },
  { title: 'members', of: ({ counts }) => counts.members },
  { title: 'owner', of: ({ has_owner }) => (has_owner ? 'yes' : 'none') },
  { title: 'created', of: ({ created_at }) => created_at.slice(0, 10) },
]

export function showAccount(account: PlatformAccount, json: boolean | undefined): void {
  if (json) printJson(account)
  else printAccount(account)
}

export function printAccount(account: PlatformAccount): void {
  const { quotas, counts } = account
  printDetails([
    ['Id', account.id],
    ['Name', account.name],
    ['Status', account.is_platform ? `${account.status}, the platform` : account.status],
    ['Keys', quotas === null ? counts.keys : `${counts.keys} of ${quotas.keys}`],
    ['Members', quotas === null ? counts.members : `${counts.members} of ${quotas.members}`],
    [
      'Endpoints',
      quotas === null ? counts.endpoints : `${counts.endpoints} of ${quotas.endpoints}`,
    ],
    ['Changes a minute', quotas === null ? 'any number' : quotas.changes_per_minute],
    ['Owner', account.has_owner ? 'yes' : 'none'],
    ['Created', account.created_at],
    ...(account.suspended_at === null ? [] : [['Suspended', account.suspended_at] as const]),
    ...(account.closes_at === null ? [] : [['Deleted', account.closes_at] as const]),
  ])
}

/** What a change of the whole account would meet. */
export function showDryRun(
  what: string,
  account: PlatformAccount,
  json: boolean | undefined,
): void {
  showAccount(account, json)
  say(`Would ${what}. Nothing was changed.`)
}
