// Whether the account requires a second factor, and who has none yet.
import { Banner } from '@cloudflare/kumo/components/banner'
import { LinkButton } from '@cloudflare/kumo/components/button'
import { Switch } from '@cloudflare/kumo/components/switch'
import { InfoIcon } from '@phosphor-icons/react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Member } from '../session/api.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { Card } from '../ui/card.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { withoutFactorQuery } from './api.ts'
import { FactorRequirementDialog } from './factor-requirement-dialog.tsx'
import { MemberNames } from './member-names.tsx'

export function FactorRequirement() {
  const { account, standing, user } = useSignedIn()
  const { data, error, refetch } = useQuery(withoutFactorQuery)
  const [isChanging, setIsChanging] = useState(false)
  const isRequired = standing.require_factor
  const without = account.members.filter(({ userId }) => data?.has(userId))
  const isOwnMissing = without.some(({ userId }) => userId === user.id)
  return (
    <Card
      title="Second factor"
      description="With one, a stolen password is not enough to sign in to this account."
    >
      <div className="flex flex-col gap-4 text-base">
        <ProblemBanner problem={error} onRetry={() => refetch()} />
        {data === undefined && error === null && (
          <ListSkeleton rows={2} label="Loading second factors of members" />
        )}
        {data !== undefined && (
          <>
            <Switch
              label="Require a second factor"
              checked={isRequired}
              disabled={(isOwnMissing && !isRequired) || standing.suspended_at !== null}
              onCheckedChange={() => setIsChanging(true)}
            />
            {isOwnMissing && !isRequired && <OwnFactorFirst />}
            <Without members={without} isRequired={isRequired} />
          </>
        )}
      </div>
      {isChanging && (
        <FactorRequirementDialog
          isRequired={isRequired}
          without={without}
          onClose={() => setIsChanging(false)}
        />
      )}
    </Card>
  )
}

function OwnFactorFirst() {
  return (
    <>
      <Banner
        // Kumo's colour has a contrast of 4; WCAG AA needs 4.5.
        className="text-kumo-default"
        icon={<InfoIcon weight="fill" />}
        title="You have no second factor yourself"
        description="Add one first, so that you do not lock yourself out."
      />
      <div>
        <LinkButton variant="secondary" href="/profile">
          Open your profile
        </LinkButton>
      </div>
    </>
  )
}

type WithoutProps = { members: readonly Member[]; isRequired: boolean }

function Without({ members, isRequired }: WithoutProps) {
  if (members.length === 0) {
    return <p className="text-kumo-subtle">Every member has a second factor.</p>
  }
  const count = members.length === 1 ? '1 member has' : `${members.length} members have`
  return (
    <div className="flex flex-col gap-2">
      <p>
        {count} no second factor yet
        {isRequired && ', and can do nothing in this account until they add one'}:
      </p>
      <MemberNames members={members} />
    </div>
  )
}
