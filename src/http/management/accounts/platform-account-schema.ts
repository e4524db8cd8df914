// Accounts as the platform sees them, in answers and in requests.
import { z } from '@hono/zod-openapi'
import type { InvitationRow } from '../../../storage/invitations.ts'
import {
  accountStatuses,
  type PlatformAccount,
  type QuotaChanges,
  statusOfAccount,
} from '../../../storage/platform-accounts.ts'
import { underway } from '../../routing/change-answer.ts'
import { isoTime, time } from '../../routing/time.ts'

const counts = { keys: z.int(), members: z.int(), endpoints: z.int() }

export const accountFields = {
  id: z.uuid(),
  name: z.string(),
  status: z.enum(accountStatuses),
  is_platform: z.boolean().openapi({ description: 'The account that operates the deployment' }),
  has_owner: z.boolean().openapi({ description: 'Without one it can be invited into again' }),
  created_at: time,
  suspended_at: time.nullable(),
  closes_at: time.nullable().openapi({ description: 'When it is deleted' }),
  quotas: z
    .object({ ...counts, changes_per_minute: z.int() })
    .nullable()
    .openapi({ description: 'null: the platform, which has none' }),
  counts: z.object({
    ...counts,
    keys: z.int().openapi({ description: 'Unrevoked keys, of a rotation the newest' }),
  }),
}
export const accountSchema = z.object(accountFields).openapi('PlatformAccount')

/** The answer to a change. */
export const changedSchema = z.object({ ...accountFields, ...underway })

export const invitationSchema = z
  .object({
    id: z.uuid(),
    email: z.string(),
    expires_at: time,
    url: z.url().nullable().openapi({
      description:
        'A secret: who has it can become the owner. null: it was mailed, and is not shown',
    }),
  })
  .openapi('OwnerInvitation')

const quota = (max: number, min = 0) => z.int().min(min).max(max).nullable().optional()

/** null: as for every account. */
export const quotaChanges = z.strictObject({
  keys: quota(10_000_000),
  members: quota(100_000),
  // The triggers write a delivery for each in the transaction of each change.
  endpoints: quota(100),
  changes_per_minute: quota(60_000, 1),
})

export function quotasOf(given: z.output<typeof quotaChanges>): QuotaChanges {
  const { changes_per_minute: changesPerMinute, ...others } = given
  return { ...others, changesPerMinute }
}

export function accountView(account: PlatformAccount): z.infer<typeof accountSchema> {
  const { id, name, isPlatform, hasOwner, createdAt, suspendedAt, closesAt } = account
  const { quotas, counts } = account
  return {
    ...{ id, name, status: statusOfAccount(account), is_platform: isPlatform, has_owner: hasOwner },
    created_at: isoTime(createdAt),
    suspended_at: suspendedAt === null ? null : isoTime(suspendedAt),
    closes_at: closesAt === null ? null : isoTime(closesAt),
    quotas: quotas && quotasView(quotas),
    counts,
  }
}

export function quotasView({
  changesPerMinute,
  ...others
}: NonNullable<PlatformAccount['quotas']>) {
  return { ...others, changes_per_minute: changesPerMinute }
}

export function invitationView(
  { id, email, expiresAt, mailed }: InvitationRow,
  baseUrl: string,
): z.infer<typeof invitationSchema> {
  const url = mailed ? null : new URL(`/invitations/${id}`, baseUrl).href
  return { id, email, expires_at: isoTime(expiresAt.getTime()), url }
}
