// What happened, in words. Actions that a newer Worker adds are shown by their name.
import type { AuditEvent } from '../api/queries.ts'

export const actionNames: Record<string, string> = {
  'key.created': 'Key created',
  'key.updated': 'Key changed',
  'key.rotated': 'Key rotated',
  'key.credits_added': 'Credits added',
  'key.revoked': 'Key revoked',
  'member.added': 'Member added',
  'member.role_changed': 'Role changed',
  'member.removed': 'Member removed',
  'account.renamed': 'Account renamed',
  'account.exported': 'Account exported',
  'account.deletion_requested': 'Deletion of the account requested',
  'account.deletion_cancelled': 'Deletion of the account taken back',
  'webhook_endpoint.created': 'Webhook endpoint added',
  'webhook_endpoint.updated': 'Webhook endpoint changed',
  'webhook_endpoint.secret_rotated': 'Webhook secret rotated',
  'webhook_endpoint.disabled': 'Webhook endpoint disabled',
  'webhook_endpoint.deleted': 'Webhook endpoint deleted',
}

export const actionLabel = (action: string) => actionNames[action] ?? action

const fieldNames: Record<string, string> = {
  name: 'name',
  scopes: 'scopes',
  expiresAt: 'expiry',
  allowedIps: 'allowed addresses',
  externalId: 'external id',
  metadata: 'metadata',
  rateLimit: 'rate limit',
  credits: 'credits',
  limitsBy: 'sharing of limits',
}

/** The particulars of an event, or nothing where its action says it all. */
export function particulars({ action, detail }: AuditEvent): string {
  if (detail === null) return ''
  switch (action) {
    case 'key.created':
      return scopesOf(detail.scopes)
    case 'key.updated':
      return changedFields(detail.changed)
    case 'key.rotated':
      return overlapOf(Number(detail.overlap_seconds ?? 0))
    case 'key.credits_added':
      return `${Number(detail.add).toLocaleString('en')} added`
    case 'key.revoked':
      return detail.selection ? 'Together with others' : ''
    case 'member.added':
      return `As ${String(detail.role)}`
    case 'member.removed':
      return `Was ${String(detail.role)}`
    case 'member.role_changed':
    case 'account.renamed':
      return `From ${String(detail.from)} to ${String(detail.to)}`
    default:
      return action.startsWith('webhook_endpoint.') ? String(detail.url) : ''
  }
}

function scopesOf(scopes: unknown): string {
  if (!Array.isArray(scopes)) return 'Inherits its creator’s permissions'
  return scopes.length === 0 ? 'No scopes' : scopes.join(', ')
}

function changedFields(changed: unknown): string {
  if (typeof changed !== 'object' || changed === null) return ''
  const { disabled, ...facts } = changed as Record<string, unknown>
  const names = Object.keys(facts).map((name) => fieldNames[name] ?? name)
  const parts = [
    ...(disabled === undefined ? [] : [disabled ? 'disabled' : 'enabled']),
    ...(names.length > 0 ? [`changed ${names.join(', ')}`] : []),
  ]
  const text = parts.join('; ')
  return text && text[0]?.toUpperCase() + text.slice(1)
}

function overlapOf(seconds: number): string {
  if (seconds === 0) return 'The old token stopped at once'
  const [size, unit] = seconds % 86_400 === 0 ? [86_400, 'day'] : [3_600, 'hour']
  const count = Math.round(seconds / size)
  return `The old token goes on for ${count} ${unit}${count === 1 ? '' : 's'}`
}
