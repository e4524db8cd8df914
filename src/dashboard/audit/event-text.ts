// Audit events as text. An unknown action, of a newer Worker, is shown by its name.
import { signedInWithText } from '../session/signed-in-with.ts'
import { userAgentName } from '../ui/user-agent.ts'
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
  'invitation.resent': 'Invitation sent again',
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
  'portal_session.created': 'Portal session opened',
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

/** The details of an event but for its changes (`eventChanges`), or '' if the name of its action suffices. */
export function eventDetails({ action, detail }: AuditEvent): string {
  if (detail === null) return ''
  switch (action) {
    case 'key.created':
      return scopesText(detail.scopes) + (detail.disabled ? '; disabled' : '')
    case 'key.updated':
      return reasonText(detail.reason)
    case 'key.rotated':
      return overlapText(Number(detail.overlap_seconds ?? 0))
    case 'key.credits_added':
      return `${Number(detail.add).toLocaleString()} added`
    case 'key.revoked':
      return detail.selection ? 'Bulk revocation' : ''
    case 'account.factor_requirement_changed':
      return detail.require_factor ? 'Now required' : 'No longer required'
    case 'member.added':
    case 'member.removed':
      return `Role: ${String(detail.role)}`
    case 'invitation.created':
    case 'invitation.resent':
    case 'invitation.accepted':
    case 'invitation.rejected':
    case 'invitation.canceled':
      return `${String(detail.email)}, role: ${String(detail.role)}${fromText(detail)}`
    default:
      if (action.startsWith('webhook_endpoint.')) return String(detail.url)
      return personActs.test(action) ? personText(detail) : ''
  }
}

const personActs = /^(person|reset_link|factor|recovery_codes?)\./

const fromText = (detail: Record<string, unknown>) => {
  const from = personText({ address: detail.address, browser: detail.browser })
  return from && ` · ${from}`
}

const originNames: Record<string, string> = {
  mail: 'By mail',
  owner: 'To be handed over by an owner',
  operator: 'By the operator',
}

/** With what, from where, and in which browser. */
function personText(detail: Record<string, unknown>): string {
  const text = (name: string) => (typeof detail[name] === 'string' ? detail[name] : '')
  const method = text('method') || text('with') || text('factor')
  const origin = text('origin')
  const browser = text('browser')
  const parts = [
    method && capitalized(signedInWithText(method)),
    origin && (originNames[origin] ?? origin),
    text('name'),
    text('address'),
    browser && userAgentName(browser),
  ]
  return parts.filter(Boolean).join(' · ')
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function scopesText(scopes: unknown): string {
  if (!Array.isArray(scopes)) return 'Inherits its creator’s permissions'
  return scopes.length === 0 ? 'No scopes' : scopes.join(', ')
}

function reasonText(reason: unknown): string {
  if (reason === undefined) return ''
  return reason === 'grantor_left'
    ? 'Whoever granted what it manages left, or lost the role for it'
    : String(reason)
}

function overlapText(seconds: number): string {
  if (seconds === 0) return 'The old token stopped working immediately'
  const [size, unit] = seconds % 86_400 === 0 ? [86_400, 'day'] : [3_600, 'hour']
  const count = Math.round(seconds / size)
  return `The old token works for another ${count === 1 ? unit : `${count} ${unit}s`}`
}
