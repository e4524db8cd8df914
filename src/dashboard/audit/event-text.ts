// Audit events as text. An unknown action, of a newer Worker, is shown by its name.
import type { AuditEvent } from './api.ts'

export const actionNames: Record<string, string> = {
  'key.created': 'Key created',
  'key.updated': 'Key updated',
  'key.rotated': 'Key rotated',
  'key.credits_added': 'Credits added',
  'key.revoked': 'Key revoked',
  'key.needs_review': 'Key needs a review',
  'member.added': 'Member added',
  'member.role_changed': 'Role changed',
  'member.removed': 'Member removed',
  'invitation.created': 'Invitation sent',
  'invitation.accepted': 'Invitation accepted',
  'invitation.rejected': 'Invitation declined',
  'invitation.canceled': 'Invitation cancelled',
  'account.created': 'Account created',
  'account.renamed': 'Account renamed',
  'account.quotas_changed': 'Quotas changed',
  'account.suspended': 'Account suspended',
  'account.resumed': 'Account resumed',
  'account.exported': 'Account exported',
  'account.factor_requirement_changed': 'Second factor requirement changed',
  'account.deletion_requested': 'Account deletion requested',
  'account.deletion_cancelled': 'Account deletion cancelled',
  'person.signed_in': 'Signed in',
  'person.sign_in_failed': 'Sign-in failed',
  'person.sessions_ended': 'Sessions ended',
  'person.stepped_up': 'Identity confirmed',
  'person.password_changed': 'Password changed',
  'person.password_reset': 'Password reset',
  'person.address_confirmed': 'E-mail address confirmed',
  'person.sign_in_method_linked': 'Sign-in method linked',
  'person.sign_in_method_unlinked': 'Sign-in method removed',
  'reset_link.created': 'Password reset link created',
  'factor.enrolled': 'Second factor added',
  'factor.renamed': 'Second factor renamed',
  'factor.removed': 'Second factor removed',
  'recovery_codes.created': 'Recovery codes created',
  'recovery_code.used': 'Recovery code used',
  'webhook_endpoint.created': 'Webhook endpoint added',
  'webhook_endpoint.updated': 'Webhook endpoint updated',
  'webhook_endpoint.secret_rotated': 'Webhook secret rotated',
  'webhook_endpoint.disabled': 'Webhook endpoint disabled',
  'webhook_endpoint.deleted': 'Webhook endpoint deleted',
  'webhook_endpoint.needs_review': 'Webhook endpoint needs a review',
}

export const actionName = (action: string) => actionNames[action] ?? action

const fieldNames: Record<string, string> = {
  name: 'name',
  scopes: 'scopes',
  expiresAt: 'expiration',
  allowedIps: 'allowed IP addresses',
  externalId: 'external ID',
  metadata: 'metadata',
  rateLimit: 'rate limits',
  credits: 'credits',
  limitsBy: 'shared limits',
  mayGrant: 'what it may grant',
  needsReview: 'the review',
}

/** The details of an event, or '' if the name of its action suffices. */
export function eventDetails({ action, detail }: AuditEvent): string {
  if (detail === null) return ''
  switch (action) {
    case 'key.created':
      return scopesText(detail.scopes) + (detail.disabled ? '; disabled' : '')
    case 'key.updated':
      return changesText(detail.changed)
    case 'key.rotated':
      return overlapText(Number(detail.overlap_seconds ?? 0))
    case 'key.credits_added':
      return `${Number(detail.add).toLocaleString('en')} added`
    case 'key.revoked':
      return detail.selection ? 'Bulk revocation' : ''
    case 'member.added':
    case 'member.removed':
      return `Role: ${String(detail.role)}`
    case 'member.role_changed':
    case 'account.renamed':
      return `From ${String(detail.from)} to ${String(detail.to)}`
    case 'invitation.created':
    case 'invitation.accepted':
    case 'invitation.rejected':
    case 'invitation.canceled':
      return `${String(detail.email)}, role: ${String(detail.role)}`
    default:
      if (action.startsWith('webhook_endpoint.')) return String(detail.url)
      return personActs.test(action) ? personText(detail) : ''
  }
}

const personActs = /^(person|reset_link|factor|recovery_codes?)\./

/** With what, from where, and in which browser. */
function personText({ with: means, name, address, browser }: Record<string, unknown>): string {
  return [means, name, address, browser].filter((part) => typeof part === 'string').join(' · ')
}

function scopesText(scopes: unknown): string {
  if (!Array.isArray(scopes)) return 'Inherits its creator’s permissions'
  return scopes.length === 0 ? 'No scopes' : scopes.join(', ')
}

function changesText(changed: unknown): string {
  if (typeof changed !== 'object' || changed === null) return ''
  const { disabled, ...fields } = changed as Record<string, unknown>
  const names = Object.keys(fields).map((name) => fieldNames[name] ?? name)
  const parts = [
    ...(disabled === undefined ? [] : [disabled ? 'disabled' : 'enabled']),
    ...(names.length > 0 ? [`changed ${names.join(', ')}`] : []),
  ]
  const text = parts.join('; ')
  return text && text[0]?.toUpperCase() + text.slice(1)
}

function overlapText(seconds: number): string {
  if (seconds === 0) return 'The old token stopped working immediately'
  const [size, unit] = seconds % 86_400 === 0 ? [86_400, 'day'] : [3_600, 'hour']
  const count = Math.round(seconds / size)
  return `The old token works for another ${count === 1 ? unit : `${count} ${unit}s`}`
}
