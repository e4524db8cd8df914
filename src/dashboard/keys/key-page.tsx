// One key: what it is, what can be done to it, how it is used and what happened to it.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { type Key, keyQuery } from '../api/queries.ts'
import { AuditTrail } from '../audit/audit-trail.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { BackTo } from '../ui/back-link.tsx'
import { Card } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { UsageCard } from '../usage/usage-card.tsx'
import { actionName, actionsOn, type KeyAction } from './key-actions.ts'
import { KeyDetailList } from './key-details.tsx'
import { KeyDialog } from './key-dialog.tsx'
import { KeyState } from './key-notice.tsx'
import { StatusBadge } from './status-badge.tsx'

export default function KeyPage({ id }: { id: string }) {
  const key = useQuery(keyQuery(id))
  const value = key.data
  return (
    <Page
      title={value?.name ?? 'API key'}
      above={<BackTo path="/keys">API keys</BackTo>}
      badge={value && <StatusBadge status={value.status} />}
      actions={value && <Actions value={value} />}
    >
      <ProblemBanner problem={key.error} onRetry={() => key.refetch()} />
      {key.isPending && <ListSkeleton label="Loading the key" />}
      {value && (
        <>
          <KeyState value={value} />
          <Card title="Facts">
            <KeyDetailList value={value} />
          </Card>
          <UsageCard id={id} />
          <Card title="Audit trail" description="What happened to this key, newest first." isFlush>
            <AuditTrail query={{ key_id: id, limit: '10' }} isOfOneKey />
          </Card>
        </>
      )}
    </Page>
  )
}

function Actions({ value }: { value: Key }) {
  const { canChange } = useSignedIn()
  const [, navigate] = useLocation()
  const [action, setAction] = useState<KeyAction | null>(null)
  if (!canChange || value.status === 'revoked') return null
  return (
    <>
      <Button onClick={() => navigate(`/keys/${value.id}/edit`)}>Edit</Button>
      {actionsOn(value).map((name) => (
        <Button
          key={name}
          variant={name === 'revoke' ? 'secondary-destructive' : 'secondary'}
          onClick={() => setAction(name)}
        >
          {actionName[name]}
        </Button>
      ))}
      <KeyDialog action={action} value={value} onClose={() => setAction(null)} />
    </>
  )
}
