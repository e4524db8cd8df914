import { Link } from 'wouter'
import { useMember } from '../session/signed-in.tsx'
import type { AuditEvent } from './api.ts'

/** Who did what an event tells. */
export function ActorName({ event: { actor } }: { event: AuditEvent }) {
  const member = useMember(actor.kind === 'person' ? actor.id : null)
  if (actor.kind === 'system') return <span className="text-kumo-subtle">Latchkey</span>
  if (actor.kind === 'platform') return <span className="text-kumo-subtle">Platform</span>
  if (actor.kind === 'key' && actor.id) {
    return (
      <Link href={`/keys/${actor.id}`} className="hover:underline">
        {`key ${actor.name ?? actor.id.slice(0, 8)}`}
      </Link>
    )
  }
  return <>{member?.user.name ?? actor.name ?? 'Former member'}</>
}
