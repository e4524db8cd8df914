// The text of every message to people, in one place.
import type { FactorChange, MailContent, MailData } from '../../core/mail.ts'
import { writeTime } from '../../core/time.ts'
import { type Letter, type RenderedMail, renderLetter } from './layout.ts'

/** @param token of the link; null where the template has none, or DEV_MAIL does not keep it any more */
export type MailContext = { baseUrl: string; token: string | null }

/** Subject, text and HTML of a message. */
export function renderMail(content: MailContent, context: MailContext): RenderedMail {
  return renderLetter(letterOf(content, context), context.baseUrl)
}

/** The address that a message asks its receiver to open; null where it asks for nothing. */
export function linkOf(content: MailContent, context: MailContext): string | null {
  return letterOf(content, context).link?.url ?? null
}

function letterOf({ template, data }: MailContent, context: MailContext): Letter {
  switch (template) {
    case 'invitation':
      return invitation(data, context)
    case 'invitation_of_owner':
      return invitationOfOwner(data, context)
    case 'confirm_address':
      return confirmAddress(data, context)
    case 'reset_password':
      return resetPassword(data, context)
    case 'password_changed':
      return passwordChanged(data, context)
    case 'new_sign_in':
      return newSignIn(data, context)
    case 'factor_changed':
      return factorChanged(data, context)
    case 'key_expiring':
      return keyExpiring(data, context)
    case 'key_leaked':
      return keyLeaked(data, context)
  }
}

// The token stands in the fragment, which no server and no Referer header gets.
const tokenLink = ({ baseUrl, token }: MailContext, path: string) =>
  token === null ? `${baseUrl}${path}` : `${baseUrl}${path}#${token}`

const unexpected = 'If you did not expect this message, ignore it.'

function invitation(data: MailData['invitation'], context: MailContext): Letter {
  const [account, inviter] = [unlinked(data.account), unlinked(data.inviter)]
  return {
    subject: `Invitation to ${account}`,
    paragraphs: [
      `${inviter} invites you to the account “${account}” with the role ${data.role}.`,
      `The invitation ends on ${dateOf(data.expires_at)}.`,
    ],
    link: { label: 'Accept', url: tokenLink(context, `/invitations/${data.invitation_id}`) },
    note: unexpected,
  }
}

function invitationOfOwner(data: MailData['invitation_of_owner'], context: MailContext): Letter {
  const account = unlinked(data.account)
  return {
    subject: `Your account ${account}`,
    paragraphs: [
      `The account “${account}” was made for you. Accept to become its owner.`,
      `The invitation ends on ${dateOf(data.expires_at)}.`,
    ],
    link: { label: 'Accept', url: tokenLink(context, `/invitations/${data.invitation_id}`) },
    note: unexpected,
  }
}

function confirmAddress({ minutes }: MailData['confirm_address'], context: MailContext): Letter {
  return {
    subject: 'Confirm your e-mail address',
    paragraphs: [
      `Open the link within ${minutes} minutes to confirm that this address is yours. It works once.`,
    ],
    link: { label: 'Confirm the address', url: tokenLink(context, '/confirm-address') },
    note: unexpected,
  }
}

function resetPassword({ minutes }: MailData['reset_password'], context: MailContext): Letter {
  return {
    subject: 'Reset your password',
    paragraphs: [
      `Somebody asked to reset the password of this address. Open the link within ${minutes} minutes to choose a new one. It works once, and ends all your sessions.`,
    ],
    link: { label: 'Choose a new password', url: tokenLink(context, '/reset-password') },
    note: 'If it was not you, ignore this message: your password stays as it is.',
  }
}

function passwordChanged(data: MailData['password_changed'], { baseUrl }: MailContext): Letter {
  const isReset = data.by === 'reset'
  return {
    subject: isReset ? 'Your password was reset' : 'Your password was changed',
    paragraphs: [
      isReset
        ? `Your password was reset on ${timeOf(data.at)}. All sessions have ended.`
        : `Your password was changed on ${timeOf(data.at)}. All other sessions have ended.`,
      originOf(data),
    ],
    link: { label: 'Sign in', url: `${baseUrl}/sign-in` },
    note: 'If it was not you, reset your password at once, and tell the owner of your account.',
  }
}

function newSignIn(data: MailData['new_sign_in'], { baseUrl }: MailContext): Letter {
  return {
    subject: 'New sign-in',
    paragraphs: [
      `Somebody signed in as you on ${timeOf(data.at)} (${data.method}) in a browser that has not signed in before.`,
      originOf(data),
    ],
    link: { label: 'See your sessions', url: `${baseUrl}/profile` },
    note: 'If it was you, there is nothing to do. If not, end that session and change your password.',
  }
}

const factorTexts: Record<FactorChange, string> = {
  totp_enrolled: 'An authenticator app was added to your sign-in',
  totp_removed: 'The authenticator app was removed from your sign-in',
  passkey_enrolled: 'A passkey was added to your sign-in',
  passkey_removed: 'A passkey was removed from your sign-in',
  recovery_codes_created: 'New recovery codes were made; the old ones do not work any more',
  recovery_code_used: 'A recovery code was used to sign in',
  factors_removed: 'All second factors were removed by the operator, and all sessions ended',
  sign_in_method_linked: 'A sign-in method was linked',
  sign_in_method_unlinked: 'A sign-in method was removed',
}

function factorChanged(data: MailData['factor_changed'], { baseUrl }: MailContext): Letter {
  const what = factorTexts[data.change]
  const named = data.name === null ? '' : ` (${data.name})`
  return {
    subject: what.split(';')[0] ?? what,
    paragraphs: [`${what}${named}, on ${timeOf(data.at)}.`, originOf(data)],
    link: { label: 'See how you sign in', url: `${baseUrl}/profile` },
    note: 'If it was not you, reset your password at once, and tell the owner of your account.',
  }
}

function keyExpiring(data: MailData['key_expiring'], { baseUrl }: MailContext): Letter {
  const { account, count, expires_at } = data
  const isOne = count === 1
  return {
    subject: isOne
      ? `An API key of ${account} expires on ${dateOf(expires_at)}`
      : `${count} API keys of ${account} expire soon`,
    paragraphs: [
      isOne
        ? `An API key of the account “${account}” expires on ${timeOf(expires_at)}. Requests with it fail from then on.`
        : `${count} API keys of the account “${account}” expire soon, the first on ${timeOf(expires_at)}. Requests with them fail from then on.`,
      'Rotate what is still used, or extend it, before that.',
    ],
    list: listOf(data),
    link: keyLink(data, baseUrl),
    note: 'For keys that are not needed any more there is nothing to do.',
  }
}

function keyLeaked(data: MailData['key_leaked'], { baseUrl }: MailContext): Letter {
  const { account, count, url, source } = data
  const keys = count === 1 ? 'An API key' : `${count} API keys`
  const place = [source, url].filter((part) => part !== null && part !== '').join(', ')
  return {
    subject: `${keys} of ${account} found in public and revoked`,
    paragraphs: [
      `${keys} of the account “${account}” ${count === 1 ? 'was' : 'were'} found in public${place === '' ? '' : ` (${place})`} and revoked: requests with ${count === 1 ? 'it' : 'them'} fail.`,
      'Create a new key for whoever used it, and remove the old token from where it was found.',
    ],
    list: listOf(data),
    link: keyLink(data, baseUrl),
    note: 'The usage of a key shows who called with it.',
  }
}

type Keys = Pick<MailData['key_leaked'], 'account_id' | 'key_id' | 'count' | 'names'>

function listOf({ names, count }: Keys): string[] {
  const listed = names.split('\n')
  const others = count - listed.length
  return others > 0 ? [...listed, `and ${others} more`] : listed
}

function keyLink({ account_id, key_id }: Keys, baseUrl: string): Letter['link'] {
  const keys = `${baseUrl}/a/${account_id}/keys`
  if (key_id === null) return { label: 'Open the keys', url: keys }
  return { label: 'Open the key', url: `${keys}/${key_id}` }
}

type Origin = Pick<MailData['new_sign_in'], 'network' | 'place' | 'browser'>

function originOf({ network, place, browser }: Origin): string {
  const parts = [place, network, browser].filter((part) => part !== null && part !== '')
  return parts.length === 0 ? 'From where is not known.' : `From: ${parts.join('; ')}.`
}

/** `2026-07-01 12:30 UTC` */
const timeOf = (ms: number) => `${writeTime(ms).slice(0, 16).replace('T', ' ')} UTC`
const dateOf = (ms: number) => writeTime(ms).slice(0, 10)

/**
 * A name that a stranger chose: mail programs make links of what looks like an address, and the receiver would take it
 * for ours. An invisible WORD JOINER after each dot, colon and slash prevents it.
 */
function unlinked(name: string): string {
  return name.replace(/[.:/@]/g, (mark) => `${mark}\u2060`)
}
