import { Radio } from '@cloudflare/kumo/components/radio'
import { type Role, roleDescription, roleName, roles } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'

type Props = { role: Role; onChange: (role: Role) => void; isDisabled?: boolean }

/** The least powerful role first. Only owners can assign the role owner. */
export function RoleChoice({ role, onChange, isDisabled = false }: Props) {
  const { role: ownRole } = useSignedIn()
  const offered = roles.filter((name) => name !== 'owner' || ownRole === 'owner').toReversed()
  return (
    <Radio.Group
      legend="Role"
      appearance="card"
      value={role}
      onValueChange={(next) => onChange(next as Role)}
      disabled={isDisabled}
    >
      {offered.map((name) => (
        <Radio.Item
          key={name}
          value={name}
          label={roleName[name]}
          description={roleDescription[name]}
        />
      ))}
    </Radio.Group>
  )
}
