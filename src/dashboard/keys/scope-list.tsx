import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import type { Scope } from '../api/queries.ts'
import { groupScopes, resourceName, type ScopeGroup, whyNotGrant } from '../scopes/catalogue.ts'
import { useSignedIn } from '../session/signed-in.tsx'

type Props = {
  catalogue: readonly Scope[]
  chosen: readonly string[]
  onChange: (chosen: string[]) => void
}

export function ScopeList({ catalogue, chosen, onChange }: Props) {
  // A scope that the configuration no longer lists: shown, so that it can be taken away.
  const unknown = chosen.filter((name) => !catalogue.some(({ scope }) => scope === name))
  const toggle = (name: string, isOn: boolean) =>
    onChange(isOn ? [...chosen, name] : chosen.filter((other) => other !== name))
  return (
    <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2">
      {groupScopes(catalogue).map((group) => (
        <Group key={group.resource} group={group} chosen={chosen} onToggle={toggle} />
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
  chosen: readonly string[]
  onToggle: (name: string, isOn: boolean) => void
}

function Group({ group, chosen, onToggle }: GroupProps) {
  const { role } = useSignedIn()
  return (
    <fieldset className="flex min-w-0 flex-col gap-3">
      <legend className="mb-2 text-base font-medium text-kumo-default">
        {resourceName(group.resource)}
      </legend>
      {group.scopes.map((scope) => {
        const reason = whyNotGrant(scope, role)
        const isChosen = chosen.includes(scope.scope)
        return (
          <Checkbox
            key={scope.scope}
            checked={isChosen}
            disabled={reason !== null && !isChosen}
            onCheckedChange={(isOn) => onToggle(scope.scope, isOn === true)}
            label={<ScopeLabel scope={scope} reason={reason} />}
          />
        )
      })}
    </fieldset>
  )
}

function ScopeLabel({ scope, reason }: { scope: Scope; reason: string | null }) {
  return (
    <span className="block">
      <code className="font-mono text-sm text-kumo-default">{scope.scope}</code>
      <span className="block text-sm font-normal text-kumo-subtle">
        {scope.description}
        {reason && `. ${reason}`}
      </span>
    </span>
  )
}
