import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import type { Scope } from '../scopes/api.ts'
import { grantRefusal, groupScopes, resourceName, type ScopeGroup } from '../scopes/catalogue.ts'
import { useSignedIn } from '../session/signed-in.tsx'

type Props = {
  catalogue: readonly Scope[]
  selected: readonly string[]
  onChange: (selected: string[]) => void
}

export function ScopeList({ catalogue, selected, onChange }: Props) {
  // A scope that the configuration no longer has is listed, so that it can be deselected.
  const unknown = selected.filter((name) => !catalogue.some(({ scope }) => scope === name))
  const toggle = (name: string, isOn: boolean) =>
    onChange(isOn ? [...selected, name] : selected.filter((other) => other !== name))
  return (
    <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2">
      {groupScopes(catalogue).map((group) => (
        <Group key={group.resource} group={group} selected={selected} onToggle={toggle} />
      ))}
      {unknown.map((name) => (
        <Checkbox
          key={name}
          label={`${name} (no longer in the catalogue)`}
          checked
          onCheckedChange={() => toggle(name, false)}
        />
      ))}
    </div>
  )
}

type GroupProps = {
  group: ScopeGroup
  selected: readonly string[]
  onToggle: (name: string, isOn: boolean) => void
}

function Group({ group, selected, onToggle }: GroupProps) {
  const { role } = useSignedIn()
  return (
    <fieldset className="flex min-w-0 flex-col gap-3">
      <legend className="mb-2 text-base font-medium text-kumo-default">
        {resourceName(group.resource)}
      </legend>
      {group.scopes.map((scope) => {
        const refusal = grantRefusal(scope, role)
        const isSelected = selected.includes(scope.scope)
        return (
          <Checkbox
            key={scope.scope}
            checked={isSelected}
            disabled={refusal !== null && !isSelected}
            onCheckedChange={(isOn) => onToggle(scope.scope, isOn === true)}
            label={<ScopeLabel scope={scope} refusal={refusal} />}
          />
        )
      })}
    </fieldset>
  )
}

function ScopeLabel({ scope, refusal }: { scope: Scope; refusal: string | null }) {
  return (
    <span className="block">
      <code className="font-mono text-sm text-kumo-default">{scope.scope}</code>
      <span className="block text-sm font-normal text-kumo-subtle">
        {scope.description}
        {refusal && `. ${refusal}`}
      </span>
    </span>
  )
}
