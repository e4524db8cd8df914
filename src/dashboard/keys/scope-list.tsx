import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import type { Scope } from '../scopes/api.ts'
import { groupScopes, resourceName, type ScopeGroup } from '../scopes/catalogue.ts'
import { isListed } from '../scopes/held-scopes.ts'
import type { Selection } from '../scopes/selection.ts'
import { ScopeField, WildcardField } from './scope-field.tsx'

type Props = {
  catalogue: readonly Scope[]
  selected: Selection
  onChange: (selected: Selection) => void
}

export function ScopeList({ catalogue, selected, onChange }: Props) {
  // What no longer has an effect is listed, so that it can be deselected.
  const unlisted = selected.filter((held) => !isListed(held, catalogue))
  return (
    <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2">
      {groupScopes(catalogue).map((group) => (
        <Group key={group.resource} group={group} selected={selected} onChange={onChange} />
      ))}
      {unlisted.map((held) => (
        <Checkbox
          key={held}
          label={`${held} (no longer in the catalogue)`}
          checked
          onCheckedChange={() => onChange(selected.filter((other) => other !== held))}
        />
      ))}
    </div>
  )
}

type GroupProps = Omit<Props, 'catalogue'> & { group: ScopeGroup }

function Group({ group, ...selection }: GroupProps) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-3">
      <legend className="mb-2 text-base font-medium text-kumo-default">
        {resourceName(group.resource)}
      </legend>
      {group.scopes.map((scope) => (
        <ScopeField key={scope.scope} scope={scope} group={group} {...selection} />
      ))}
      {group.wildcards.map((wildcard) => (
        <WildcardField key={wildcard} wildcard={wildcard} group={group} {...selection} />
      ))}
    </fieldset>
  )
}
