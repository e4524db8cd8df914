// One key: its details, its actions, its usage and its audit log.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { AuditTrail } from '../audit/audit-trail.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { BackLink } from '../ui/back-link.tsx'
import { Card } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { keyUsageQuery } from '../usage/api.ts'
import { UsageCard } from '../usage/usage-card.tsx'
import { type Key, keyQuery } from './api.ts'
import { EnvironmentBadge } from './environment.tsx'
import { actionName, type KeyAction, keyActions } from './key-actions.ts'
import { KeyDetails } from './key-details.tsx'
import { KeyDialog } from './key-dialog.tsx'
import { KeyNotice } from './key-notice.tsx'
import { StatusBadge } from './status-badge.tsx'

export default function KeyPage({ id }: { id: string }) {
  const key = useQuery(keyQuery(id))
  const value = key.data
  return (
    <Page
      title={value?.name ?? 'API key'}
      above={<BackLink path="/keys">API keys</BackLink>}
      badge={
        value && (
          <>
            <StatusBadge value={value} />
            <EnvironmentBadge value={value} />
          </>
        )
      }
      actions={value && <Actions value={value} />}
    >
      <ProblemBanner problem={key.error} onRetry={() => key.refetch()} />
      {key.isPending && <ListSkeleton label="Loading key" />}
      {value && (
        <>
          <KeyNotice value={value} />
          <Card title="Details">
            <KeyDetails value={value} />
          </Card>
          <UsageCard query={keyUsageQuery(id)} />
          <Card title="Audit log" description="Changes to this key, newest first." isFlush>
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
      {keyActions(value).map((name) => (
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
