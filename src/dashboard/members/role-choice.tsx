import { Radio } from '@cloudflare/kumo/components/radio'
import { type Role, roles } from '../api/people.ts'
import { roleMeaning, roleName } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'

type Props = { role: Role; onChoose: (role: Role) => void; isOff?: boolean }

/** The least power first; only owners make owners. */
export function RoleChoice({ role, onChoose, isOff = false }: Props) {
  const { role: ownRole } = useSignedIn()
  const offered = roles.filter((name) => name !== 'owner' || ownRole === 'owner').toReversed()
  return (
    <Radio.Group
      legend="Role"
      appearance="card"
      value={role}
      onValueChange={(next) => onChoose(next as Role)}
      disabled={isOff}
    >
      {offered.map((name) => (
        <Radio.Item
          key={name}
          value={name}
          label={roleName[name]}
          description={roleMeaning[name]}
        />
      ))}
    </Radio.Group>
  )
}
