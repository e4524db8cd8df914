// The fields of one scope and of one wildcard in the list of scopes.
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { InputArea } from '@cloudflare/kumo/components/input'
import { Select } from '@cloudflare/kumo/components/select'
import type { Scope } from '../scopes/api.ts'
import {
  grantRefusal,
  resourceName,
  type ScopeGroup,
  wildcardRefusal,
} from '../scopes/catalogue.ts'
import { coveredBy } from '../scopes/held-scopes.ts'
import {
  type Extent,
  extentOf,
  idsError,
  idsText,
  type Selection,
  withExtent,
  withIds,
} from '../scopes/selection.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { errorProp } from '../ui/error-prop.ts'

type Props = {
  group: ScopeGroup
  selected: Selection
  onChange: (selected: Selection) => void
}

type ScopeProps = Props & { scope: Scope }

export function ScopeField({ scope, group, selected, onChange }: ScopeProps) {
  const { role } = useSignedIn()
  const extent = extentOf(scope.scope, selected)
  const covering = selected.find((held) => coveredBy(held, group.scopes).includes(scope))
  const refusal = grantRefusal(scope, role)
  const isIncluded = extent === 'none' && covering !== undefined
  return (
    <div className="flex flex-col gap-2">
      <Checkbox
        checked={extent !== 'none' || isIncluded}
        disabled={extent === 'none' && (isIncluded || refusal !== null)}
        onCheckedChange={(isOn) =>
          onChange(withExtent(scope.scope, isOn === true ? 'all' : 'none', selected))
        }
        label={
          <ScopeLabel
            name={scope.scope}
            texts={[scope.description, covering ? `Included in ${covering}` : refusal]}
          />
        }
      />
      {scope.resource && extent !== 'none' && (
        <ResourceFields scope={scope.scope} selected={selected} onChange={onChange} />
      )}
    </div>
  )
}

const extents = { all: 'All resources', certain: 'Only certain IDs' }

type ResourceProps = Omit<Props, 'group'> & { scope: string }

function ResourceFields({ scope, selected, onChange }: ResourceProps) {
  const extent = extentOf(scope, selected)
  const text = idsText(scope, selected)
  return (
    <div className="ml-6 flex flex-col items-start gap-2">
      <Select
        aria-label={`Resources of ${scope}`}
        className="w-44"
        value={extent}
        onValueChange={(next) => onChange(withExtent(scope, (next ?? 'all') as Extent, selected))}
        items={extents}
      />
      {extent === 'certain' && (
        <InputArea
          label={`IDs of ${scope}`}
          description="One per line, as they are in the path of a request."
          className="w-full font-mono"
          rows={3}
          spellCheck={false}
          value={text}
          onValueChange={(typed) => onChange(withIds(scope, typed, selected))}
          {...errorProp(text.trim() === '' ? undefined : idsError(scope, selected))}
        />
      )}
    </div>
  )
}

export function WildcardField({
  wildcard,
  group,
  selected,
  onChange,
}: Props & { wildcard: string }) {
  const { role } = useSignedIn()
  const isSelected = selected.includes(wildcard)
  const refusal = wildcardRefusal(wildcard, group.scopes, role)
  const others = selected.filter((held) => held !== wildcard)
  return (
    <Checkbox
      checked={isSelected}
      disabled={refusal !== null && !isSelected}
      onCheckedChange={(isOn) => onChange(isOn === true ? [...others, wildcard] : others)}
      label={
        <ScopeLabel
          name={wildcard}
          texts={[`All of ${resourceName(group.resource)}, and scopes to come`, refusal]}
        />
      }
    />
  )
}

function ScopeLabel({ name, texts }: { name: string; texts: readonly (string | null)[] }) {
  return (
    <span className="block">
      <code className="font-mono text-sm text-kumo-default">{name}</code>
      <span className="block text-sm font-normal text-kumo-subtle">
        {texts.filter((text) => text !== null).join('. ')}
      </span>
    </span>
  )
}
