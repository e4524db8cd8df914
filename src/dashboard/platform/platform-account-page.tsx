// One account of the deployment, for the owners of its platform account: what it has and uses, and what may be done to it.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSignedIn } from '../session/signed-in.tsx'
import { BackLink } from '../ui/back-link.tsx'
import { Card } from '../ui/card.tsx'
import NotFoundPage from '../ui/not-found-page.tsx'
import { Page } from '../ui/page.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { QuotaMeters } from '../ui/quota-meters.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { UsageCard } from '../usage/usage-card.tsx'
import { AccountActions } from './account-actions.tsx'
import { AccountDetails, AccountNotice } from './account-details.tsx'
import { type AccountAction, AccountDialogs } from './account-dialogs.tsx'
import { AccountBadge } from './account-status.tsx'
import { type Account, accountQuery, accountUsageQuery } from './api.ts'

export default function PlatformAccountPage({ id }: { id: string }) {
  const { standing, role } = useSignedIn()
  const isAllowed = standing.is_platform && role === 'owner'
  const account = useQuery({ ...accountQuery(id), enabled: isAllowed })
  const [action, setAction] = useState<AccountAction | null>(null)
  const value = account.data
  if (!isAllowed) return <NotFoundPage />
  return (
    <Page
      title={value?.name ?? 'Account'}
      above={<BackLink path="/accounts">Accounts</BackLink>}
      badge={value && <AccountBadge status={value.status} />}
      actions={value && <AccountActions value={value} onSelect={setAction} />}
    >
      <QueryProblem query={account} />
      {account.isPending && <ListSkeleton label="Loading account" />}
      {value && <Sections value={value} onInvite={() => setAction('invite-owner')} />}
      {value && <AccountDialogs action={action} value={value} onClose={() => setAction(null)} />}
    </Page>
  )
}

function Sections({ value, onInvite }: { value: Account; onInvite: () => void }) {
  return (
    <>
      <AccountNotice value={value} onInvite={onInvite} />
      <Card title="Details">
        <AccountDetails value={value} />
      </Card>
      <Card title="Quotas">
        <QuotaMeters counts={value.counts} quotas={value.quotas} />
      </Card>
      <UsageCard query={accountUsageQuery(value.id)} initialRange="30 d" />
    </>
  )
}
