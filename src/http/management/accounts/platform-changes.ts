// POST and PATCH /api/accounts: creating accounts, inviting their owners, and changing their quotas.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { email } from '../../../identity/email.ts'
import { inviteOwnerBy } from '../../../identity/owner-invitation.ts'
import { platformEntry, reviseAccount } from '../../../keys/accounts.ts'
import { findInvitation } from '../../../storage/invitations.ts'
import { insertAccount, invitationOfNew, inviteOwner } from '../../../storage/platform-accounts.ts'
import type { AppEnv } from '../../app-env.ts'
import { Problem } from '../../response/problem.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { changeAnswer, preferParameter } from '../../routing/change-answer.ts'
import { nameField } from '../../routing/fields.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import { idParam, json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPlatformAfterStepUp, byPlatformOwnerAfterStepUp } from '../../routing/security.ts'
import {
  accountFields,
  accountView,
  changedSchema,
  invitationSchema,
  invitationView,
  quotaChanges,
  quotasOf,
  quotasView,
} from './platform-account-schema.ts'
import { accountOf, accountsPath } from './platform-accounts.ts'

const tags = ['Accounts']

const create = createRoute({
  method: 'post',
  path: accountsPath,
  operationId: 'createAccount',
  tags,
  security: byPlatformAfterStepUp,
  summary: 'Create an account, and invite its owner',
  ...idempotent,
  request: json(
    z.strictObject({
      name: nameField,
      owner_email: email.optional().openapi({ description: 'Who is invited as its owner' }),
    }),
  ),
  responses: {
    201: success(
      'The account',
      z.object({ ...accountFields, invitation: invitationSchema.nullable() }),
    ),
    ...managementFailures,
    ...bodyFailures,
    ...idempotentFailures,
  },
})

const change = createRoute({
  method: 'patch',
  path: `${accountsPath}/{id}`,
  operationId: 'changeAccount',
  tags,
  security: byPlatformAfterStepUp,
  summary: 'Rename an account, or change its quotas',
  parameters: [preferParameter],
  request: {
    params: idParam,
    ...json(z.strictObject({ name: nameField.optional(), quotas: quotaChanges.optional() })),
  },
  responses: {
    200: success('The account', changedSchema),
    202: success('Changed, its name not yet known to be so everywhere', changedSchema),
    ...managementFailures,
    ...bodyFailures,
    404: failure('There is no such account'),
    409: failure('The platform has no quotas'),
  },
})

const invite = createRoute({
  method: 'post',
  path: `${accountsPath}/{id}/owner-invitation`,
  operationId: 'inviteOwner',
  tags,
  security: byPlatformOwnerAfterStepUp,
  summary: 'Invite an owner into an account that has none',
  description: 'Voids earlier invitations of owners of the account.',
  ...idempotent,
  request: { params: idParam, ...json(z.strictObject({ owner_email: email })) },
  responses: {
    201: success('The invitation', invitationSchema),
    ...managementFailures,
    ...bodyFailures,
    404: failure('There is no such account'),
    409: failure('The account has an owner'),
    ...idempotentFailures,
  },
})

export function createPlatformChanges() {
  return createRouter()
    .openapi(create, async (c) => {
      const payload = c.req.valid('json')
      return once(c, {
        ...{ route: create, payload },
        async execute(request) {
          const { name, owner_email } = payload
          const caller = callerOf(c)
          const now = c.env.clock.now()
          const id = crypto.randomUUID()
          const owner = owner_email ? await ownerOf(c, id, name, owner_email) : null
          const audit = platformEntry(caller, id, 'account.created', { name })
          await insertAccount(c.env.db, { id, name }, owner, audit, now, request)
          if (owner?.mail) c.env.sendMail()
          return createdAnswer(c, id)
        },
        repeat: (id) => createdAnswer(c, id),
      })
    })
    .openapi(change, async (c) => {
      const { id } = c.req.valid('param')
      const progress = await applyChange(c, id, c.req.valid('json'))
      return changeAnswer(c, progress, accountView(await accountOf(c, id)))
    })
    .openapi(invite, async (c) => {
      const { id } = c.req.valid('param')
      const payload = c.req.valid('json')
      return once(c, {
        ...{ route: invite, payload },
        async execute(request) {
          const { isPlatform, name } = await accountOf(c, id)
          const caller = callerOf(c)
          const now = c.env.clock.now()
          const owner = await ownerOf(c, id, name, payload.owner_email)
          const audit = platformEntry(caller, id, 'invitation.created', {})
          const isInvited = !isPlatform && (await inviteOwner(c.env.db, owner, audit, now, request))
          if (!isInvited) throw new Problem('conflict', { detail: 'The account has an owner.' })
          if (owner.mail) c.env.sendMail()
          return invitedAnswer(c, id, owner.invitation.id)
        },
        repeat: (made) => invitedAnswer(c, id, made),
      })
    })
}

function ownerOf(c: Context<AppEnv>, accountId: string, account: string, email: string) {
  const { people, clock } = c.env
  return inviteOwnerBy(people, callerOf(c).actor, { accountId, account, email }, clock.now())
}

/** The account as it is now, so that a repeated request is answered alike. */
async function createdAnswer(c: Context<AppEnv>, id: string) {
  const account = await accountOf(c, id)
  const owner = await invitationOfNew(c.env.db, id, c.env.clock.now())
  const invitation = owner && invitationView(owner, c.env.baseUrl)
  const data = { ...accountView(account), invitation }
  return c.json({ status: 'success' as const, data }, 201, { 'cache-control': 'no-store' })
}

async function invitedAnswer(c: Context<AppEnv>, id: string, invitationId: string) {
  const owner = await findInvitation(c.env.db, id, invitationId)
  const isOpen = owner?.status === 'pending' && owner.expiresAt.getTime() > c.env.clock.now()
  if (owner === null || !isOpen) {
    throw new Problem('conflict', { detail: 'This invitation has been accepted or voided since.' })
  }
  const data = invitationView(owner, c.env.baseUrl)
  return c.json({ status: 'success' as const, data }, 201, { 'cache-control': 'no-store' })
}

type Changes = { name?: string | undefined; quotas?: z.output<typeof quotaChanges> | undefined }

/** @throws Problem 404, 409 */
async function applyChange(c: Context<AppEnv>, id: string, { name, quotas }: Changes) {
  const { isPlatform, quotas: present } = await accountOf(c, id)
  if (quotas !== undefined && isPlatform) {
    throw new Problem('conflict', { detail: 'The platform has no quotas.' })
  }
  const changed = { name, quotas: quotas && quotasOf(quotas) }
  const detail = { quotas: quotas ?? {}, before: present && quotasView(present) }
  const audit = platformEntry(callerOf(c), id, 'account.quotas_changed', detail)
  const stores = { ...(await c.env.changeStores()), db: c.env.db }
  return reviseAccount(stores, await keySettingsOf(c), audit, id, changed)
}
