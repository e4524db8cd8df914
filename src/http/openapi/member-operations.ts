// Better Auth's operations of accounts, their members and invitations. It calls an account an organization.
import { type RouteConfig, z } from '@hono/zod-openapi'
import { roles } from '../../core/role.ts'
import { nameField } from '../routing/fields.ts'
import { time } from '../routing/time.ts'
import { authOperation } from './auth-operation.ts'

const role = z.enum(roles)

const organization = z
  .object({
    id: z.uuid(),
    name: z.string(),
    slug: z.string(),
    logo: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
    createdAt: time,
  })
  .openapi('Organization')

const membership = z
  .object({
    id: z.uuid().openapi({ description: 'Of the membership' }),
    organizationId: z.uuid(),
    userId: z.uuid(),
    role,
    createdAt: time,
  })
  .openapi('Membership')

const person = z.object({
  id: z.uuid(),
  name: z.string(),
  email: z.string(),
  image: z.string().nullable(),
})
const member = z.object({ ...membership.shape, user: person }).openapi('Member')

const invitation = z
  .object({
    id: z.uuid().openapi({
      description: 'Unless it was `mailed`, a secret: its link is /invitations/ID',
    }),
    mailed: z.boolean().openapi({ description: 'Its link was mailed, and is not shown' }),
    organizationId: z.uuid(),
    email: z.string(),
    role,
    status: z.enum(['pending', 'accepted', 'rejected', 'canceled']).openapi({
      description: 'A `pending` one is open until `expiresAt`',
    }),
    inviterId: z.uuid(),
    createdAt: time,
    expiresAt: time,
  })
  .openapi('Invitation')

const whole = z.object({
  ...organization.shape,
  members: z.array(member),
  invitations: z.array(invitation),
})

const organizationId = z.uuid().optional().openapi({
  description: 'The account; that of the session if left out',
})
const organizationSlug = z.string().optional().openapi({ description: 'Equal to its id' })
const account = { organizationId, organizationSlug }
const limit = z.string().regex(/^\d{1,4}$/)
const number = limit.optional().openapi({ type: 'integer', minimum: 0, maximum: 9_999 })
const noAccount = 'The person is not a member of such an account'
const noMember = 'No such member in an account of the person'
const received = {
  invitationId: z.uuid(),
  token: z.string().optional().openapi({
    description:
      'Of a mailed invitation: what stands after `#` in its link. Unless the address is proved, it is needed',
  }),
}
const noInvitation = 'No such invitation for this person'
const lastOwner =
  'The account would be left without an owner, or another request changes the member'

const ofAccount = [
  authOperation('GET /organization/list', {
    operationId: 'listOrganizations',
    summary: 'The accounts that the person is a member of',
    answer: ['The accounts', z.array(organization)],
  }),
  authOperation('POST /organization/set-active', {
    operationId: 'setActiveOrganization',
    summary: 'Choose the account of the session',
    body: z.strictObject({
      organizationId: z.uuid().nullish().openapi({ description: 'The account; null: none' }),
      organizationSlug,
    }),
    answer: ['The account, or null', z.union([organization, z.null()])],
    notFound: noAccount,
  }),
  authOperation('GET /organization/get-full-organization', {
    operationId: 'getFullOrganization',
    summary: 'An account with its members and invitations',
    query: z.object({ ...account, membersLimit: number }),
    answer: ['The account; null where the session has none', whole.nullable()],
    notFound: noAccount,
  }),
  authOperation('POST /organization/update', {
    operationId: 'updateOrganization',
    summary: 'Rename an account',
    body: z.strictObject({ data: z.strictObject({ name: nameField }), organizationId }),
    answer: ['The account', organization],
    change: organization,
    notFound: noAccount,
    conflict: 'Another request changes the account',
  }),
]

const ofMembers = [
  authOperation('GET /organization/list-members', {
    operationId: 'listMembers',
    summary: 'The members of an account',
    query: z.object({
      limit: number,
      offset: number,
      sortBy: z.enum(['createdAt', 'role']).optional(),
      sortDirection: z.enum(['asc', 'desc']).optional(),
      ...account,
    }),
    answer: ['A page of members', z.object({ members: z.array(member), total: z.int() })],
    notFound: noAccount,
  }),
  authOperation('GET /organization/get-active-member', {
    operationId: 'getActiveMember',
    summary: "The person's own membership in the account of the session",
    answer: ['The membership', member],
    notFound: noAccount,
  }),
  authOperation('GET /organization/get-active-member-role', {
    operationId: 'getActiveMemberRole',
    summary: 'The role of a person in an account',
    query: z.object({
      ...account,
      userId: z.uuid().optional().openapi({ description: 'The person of the session if left out' }),
    }),
    answer: ['The role', z.object({ role })],
    notFound: noAccount,
  }),
  authOperation('POST /organization/has-permission', {
    operationId: 'hasPermission',
    summary: 'Whether the role of the person permits something; the guards ask for themselves',
    body: z.strictObject({
      organizationId,
      permissions: z
        .record(z.string(), z.array(z.string()))
        .openapi({ example: { member: ['update'] } }),
    }),
    answer: ['Whether it does', z.object({ success: z.boolean(), error: z.string().nullable() })],
    notFound: noAccount,
  }),
  authOperation('POST /organization/update-member-role', {
    operationId: 'updateMemberRole',
    summary: 'Change the role of a member; responds once their keys follow everywhere',
    body: z.strictObject({ memberId: z.uuid(), role, organizationId }),
    answer: ['The membership', membership],
    change: membership,
    notFound: noMember,
    conflict: lastOwner,
  }),
  authOperation('POST /organization/remove-member', {
    operationId: 'removeMember',
    summary: 'Remove a member; responds once their keys follow everywhere',
    body: z.strictObject({
      memberIdOrEmail: z.string().openapi({ description: 'Of the membership, or the address' }),
      organizationId,
    }),
    answer: ['The former membership', z.object({ member: removed() })],
    change: z.object({ member: removed() }),
    notFound: noMember,
    conflict: lastOwner,
  }),
  authOperation('POST /organization/leave', {
    operationId: 'leaveOrganization',
    summary: 'Leave an account',
    body: z.strictObject({ organizationId: z.uuid() }),
    answer: ['The former membership', member],
    change: member,
    notFound: noMember,
    conflict: lastOwner,
  }),
]

const ofInvitations = [
  authOperation('GET /organization/list-invitations', {
    operationId: 'listInvitations',
    summary: 'The invitations to an account, in any state',
    query: z.object({ organizationId }),
    answer: ['The invitations', z.array(invitation)],
    notFound: noAccount,
  }),
  authOperation('POST /organization/invite-member', {
    operationId: 'inviteMember',
    summary: 'Invite a person by e-mail; open for 7 days',
    description:
      'Invitations of the same address that are pending are voided. `admin` and `owner` need step-up, `owner` an owner.',
    body: z.strictObject({
      email: z.email(),
      role,
      organizationId,
      resend: z.boolean().optional().openapi({
        description: 'true: a pending one of this address is extended; false if left out',
      }),
    }),
    answer: ['The invitation', invitation],
    notFound: noAccount,
    conflict: 'The person is a member already',
  }),
  authOperation('POST /organization/cancel-invitation', {
    operationId: 'cancelInvitation',
    summary: 'Revoke an invitation',
    body: z.strictObject({ invitationId: z.uuid() }),
    answer: ['The invitation', z.union([invitation, z.null()])],
    notFound: 'No such invitation in an account of the person',
  }),
  authOperation('POST /organization/accept-invitation', {
    operationId: 'joinByInvitation',
    summary: 'Accept an invitation as the signed-in person whom it names',
    description: 'A new user joins by `acceptInvitation`, which needs no session.',
    body: z.strictObject(received),
    answer: ['Joined', z.object({ invitation, member: membership })],
    change: z.object({ invitation, member: membership }),
    notFound: noInvitation,
    conflict: 'The person is a member already',
  }),
  authOperation('POST /organization/reject-invitation', {
    operationId: 'rejectInvitation',
    summary: 'Reject an invitation as the signed-in person whom it names',
    body: z.strictObject(received),
    answer: ['Rejected', z.object({ invitation, member: z.null() })],
    notFound: noInvitation,
  }),
]

/** By address, Better Auth tells the person too. */
function removed() {
  return z.object({ ...membership.shape, user: person.optional() })
}

export const memberOperations: readonly RouteConfig[] = [
  ...ofAccount,
  ...ofMembers,
  ...ofInvitations,
].map((operation) => ({ ...operation, tags: ['Members'] }))
