// One key: its details, its actions, its usage and its audit log.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { AuditTrail } from '../audit/audit-trail.tsx'
import { isAtLeast } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { BackLink } from '../ui/back-link.tsx'
import { Card } from '../ui/card.tsx'
import { fromPage } from '../ui/from-page.ts'
import { Page } from '../ui/page.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { DetailSkeleton } from '../ui/skeleton.tsx'
import { useNow } from '../ui/time.tsx'
import { keyUsageQuery } from '../usage/api.ts'
import { UsageCard } from '../usage/usage-card.tsx'
import { type Key, keyInLists, keyQuery } from './api.ts'
import { EnvironmentBadge } from './environment.tsx'
import { FirstRequest } from './first-request.tsx'
import { actionName, type KeyAction, keyActions } from './key-actions.ts'
import { KeyDetails } from './key-details.tsx'
import { KeyDialog } from './key-dialog.tsx'
import { KeyNotice } from './key-notice.tsx'
import { StatusBadge } from './status-badge.tsx'
import { useOpening } from './use-opening.ts'

export default function KeyPage({ id }: { id: string }) {
  const client = useQueryClient()
  const key = useQuery({ ...keyQuery(id), placeholderData: () => keyInLists(client, id) })
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
      description={value && <Links value={value} />}
      actions={value && <Actions value={value} />}
    >
      <QueryProblem query={key} />
      {key.isPending && <DetailSkeleton label="Loading key" />}
      {value && (
        <>
          <KeyNotice value={value} />
          <FirstRequest value={value} />
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

function Links({ value: { id } }: { value: Key }) {
  const { role } = useSignedIn()
  return (
    <span className="flex gap-4">
      {isAtLeast(role, 'admin') && (
        <Link href={`/requests?key_id=${id}`} className="text-kumo-link underline">
          Requests
        </Link>
      )}
      <Link href={`/playground?key_id=${id}`} className="text-kumo-link underline">
        Try a request
      </Link>
    </span>
  )
}

function Actions({ value }: { value: Key }) {
  const { canChange } = useSignedIn()
  const [, navigate] = useLocation()
  const actions = keyActions(value, useNow())
  const opening = useOpening('enable')
  const [action, setAction] = useState<KeyAction | null>(
    opening.isOpened && actions.includes('enable') ? 'enable' : null,
  )
  const close = () => {
    setAction(null)
    opening.close()
  }
  if (!canChange) return null
  return (
    <>
      {value.status !== 'revoked' && (
        <Button onClick={() => navigate(`/keys/${value.id}/edit`, { state: fromPage })}>
          Edit
        </Button>
      )}
      {actions.map((name) => (
        <Button
          key={name}
          variant={name === 'revoke' ? 'secondary-destructive' : 'secondary'}
          onClick={() => setAction(name)}
        >
          {actionName[name]}
        </Button>
      ))}
      <KeyDialog action={action} value={value} onClose={close} />
    </>
  )
}
