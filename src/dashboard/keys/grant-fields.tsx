// What a key that makes keys may grant: bounds of the keys that it makes, changes and reads. For owners.
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { InputArea } from '@cloudflare/kumo/components/input'
import { Radio } from '@cloudflare/kumo/components/radio'
import { Select } from '@cloudflare/kumo/components/select'
import { useQuery } from '@tanstack/react-query'
import { scopesQuery } from '../scopes/api.ts'
import { Card } from '../ui/card.tsx'
import { errorProp } from '../ui/error-prop.ts'
import type { Unit } from '../ui/seconds.ts'
import { NumberInput } from '../ui/text-input.tsx'
import { useEnvironments } from './environment.tsx'
import type { FieldProps } from './field-props.ts'
import type { GrantDraft, GrantErrors } from './grant-draft.ts'
import { RateLimitFields, unitNames } from './rate-limit-fields.tsx'
import { ScopeList } from './scope-list.tsx'

type Props = FieldProps & { errors: GrantErrors }

export function GrantFields({ draft: { grants }, set, problem, errors }: Props) {
  const change = (part: Partial<GrantDraft>) => set({ grants: { ...grants, ...part } })
  const field = { grants, change }
  return (
    <Card
      title="What this key may grant"
      description="With bounds, the key reads and changes only the keys that are within them."
    >
      <div className="flex flex-col gap-6">
        <Checkbox
          label="Create keys, and give keys more than they have"
          checked={grants.isGranting}
          onCheckedChange={(isOn) => change({ isGranting: isOn === true })}
        />
        {grants.isGranting ? (
          <>
            <ScopesField {...field} error={errors.grantScopes ?? problem?.of('may_grant.scopes')} />
            <EnvironmentsField
              {...field}
              error={errors.grantEnvironments ?? problem?.of('may_grant.environments')}
            />
            <LifetimeField
              {...field}
              error={errors.lifetime ?? problem?.of('may_grant.max_lifetime')}
            />
            <ExternalIdsField
              {...field}
              error={errors.grantExternalIds ?? problem?.of('may_grant.external_ids')}
            />
            <RateLimitFields
              limits={grants}
              setLimits={change}
              error={errors.grantWindows ?? problem?.of('may_grant.rate_limit')}
              legend="Rate limits of its keys"
              description="Each key needs these rate limits, or lower ones. Without one, its keys need none."
              rowName="Limit of its keys"
            />
            <NumberInput
              label="Maximum number of keys"
              description="Keys that it made and that are not revoked. Leave empty for no limit."
              className="w-40"
              value={grants.maxKeys}
              onValueChange={(maxKeys) => change({ maxKeys })}
              error={errors.maxKeys ?? problem?.of('may_grant.max_keys')}
            />
          </>
        ) : (
          <p className="text-sm text-kumo-subtle">
            The key reads all keys of the account, restricts them and revokes them.
          </p>
        )}
      </div>
    </Card>
  )
}

type GrantFieldProps = {
  grants: GrantDraft
  change: (part: Partial<GrantDraft>) => void
  error: string | undefined
}

function ScopesField({ grants, change, error }: GrantFieldProps) {
  const { data: catalogue = [] } = useQuery(scopesQuery)
  return (
    <div className="flex flex-col gap-5">
      <Radio.Group
        legend="Scopes of its keys"
        appearance="card"
        value={grants.isAnyScope ? 'any' : 'selected'}
        onValueChange={(choice) => change({ isAnyScope: choice === 'any' })}
        {...errorProp(error)}
      >
        <Radio.Item
          value="selected"
          label="Selected scopes"
          description="Its keys hold no other scopes. Without a selection, they hold none."
        />
        <Radio.Item
          value="any"
          label="Any scope"
          description="All but the reserved ones, also scopes to come."
        />
      </Radio.Group>
      {!grants.isAnyScope && (
        <ScopeList
          catalogue={catalogue.filter(({ reserved }) => !reserved)}
          selected={grants.scopes}
          onChange={(scopes) => change({ scopes })}
        />
      )}
    </div>
  )
}

function EnvironmentsField({ grants, change, error }: GrantFieldProps) {
  const { environments } = grants
  const known = useEnvironments()
  const names = [...new Set([...known, ...(environments ?? [])])]
  if (names.length < 2) return null
  return (
    <div className="flex flex-col gap-3">
      <Checkbox
        label="Only keys of certain environments"
        checked={environments !== null}
        onCheckedChange={(isOn) => change({ environments: isOn === true ? [] : null })}
      />
      {environments !== null && (
        <Checkbox.Group
          legend="Environments of its keys"
          value={[...environments]}
          onValueChange={(next) => change({ environments: next })}
          {...errorProp(error)}
        >
          {names.map((name) => (
            <Checkbox.Item key={name} value={name} label={name} />
          ))}
        </Checkbox.Group>
      )}
    </div>
  )
}

function LifetimeField({ grants, change, error }: GrantFieldProps) {
  return (
    <div className="flex flex-wrap items-start gap-3">
      <NumberInput
        label="Maximum lifetime of its keys"
        description="From each grant. Leave empty for no limit."
        className="w-40"
        value={grants.lifetime}
        onValueChange={(lifetime) => change({ lifetime })}
        error={error}
      />
      <Select
        label="Unit"
        className="w-32"
        value={grants.lifetimeUnit}
        onValueChange={(unit) => change({ lifetimeUnit: (unit ?? 'day') as Unit })}
        items={unitNames}
      />
    </div>
  )
}

function ExternalIdsField({ grants, change, error }: GrantFieldProps) {
  return (
    <div className="flex flex-col gap-3">
      <Checkbox
        label="Only keys with certain external IDs"
        checked={!grants.isAnyExternalId}
        onCheckedChange={(isOn) => change({ isAnyExternalId: isOn !== true })}
      />
      {!grants.isAnyExternalId && (
        <InputArea
          label="External IDs of its keys"
          placeholder={'customer-1042\ncustomer-1043'}
          description="One per line."
          className="w-full max-w-lg"
          rows={3}
          spellCheck={false}
          value={grants.externalIds}
          onValueChange={(externalIds) => change({ externalIds })}
          {...errorProp(error)}
        />
      )}
    </div>
  )
}
