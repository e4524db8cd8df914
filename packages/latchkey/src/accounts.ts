// The accounts of a deployment, for the platform: client.accounts.
import type {
  AccountChanges,
  AccountQuery,
  CreatedAccount,
  NewAccount,
  OwnerInvitation,
  PlatformAccount,
  Usage,
  UsageQuery,
} from './account-types.ts'
import { dataOf, pathOfId } from './calls.ts'
import { type Items, listPages, searchOf } from './pages.ts'
import type { CallOptions, IdempotencyOptions, Transport } from './transport.ts'
import type { Underway } from './types.ts'

/**
 * `suspend`, `resume`, `remove` and `inviteOwner` need the JWT of an owner of the platform, fresh from a sign-in; a key that holds
 * `platform:manage` does the others.
 */
export type AccountCalls = {
  /**
   * Accounts, newest first: `await` gives one page, `for await` every account.
   * @example
   * ```ts
   * for await (const { id, name } of client.accounts.list({ status: 'suspended' })) console.log(id, name)
   * ```
   */
  list(query?: AccountQuery, options?: CallOptions): Items<PlatformAccount>
  /**
   * Creates an account, once, however often it is retried. A repeat with the same `idempotencyKey` has the same answer.
   * @example
   * ```ts
   * const { id, invitation } = await client.accounts.create({ name: 'Initech', owner_email: 'ada@initech.test' })
   * ```
   */
  create(account: NewAccount, options?: CallOptions & IdempotencyOptions): Promise<CreatedAccount>
  /**
   * One account by its id.
   * @example
   * ```ts
   * const { counts, quotas } = await client.accounts.get(id)
   * ```
   */
  get(id: string, options?: CallOptions): Promise<PlatformAccount>
  /**
   * Renames an account, or changes its quotas. Resolves once its keys carry the name everywhere.
   * @example
   * ```ts
   * await client.accounts.update(id, { quotas: { keys: 500 } })
   * ```
   */
  update(
    id: string,
    changes: AccountChanges,
    options?: CallOptions,
  ): Promise<PlatformAccount & Underway>
  /**
   * Stops every key of an account. Resolves once they fail everywhere.
   * @example
   * ```ts
   * await client.accounts.suspend(id)
   * ```
   */
  suspend(id: string, options?: CallOptions): Promise<PlatformAccount & Underway>
  /**
   * Lets the keys of an account work again, and takes back its deletion by the platform.
   * @example
   * ```ts
   * await client.accounts.resume(id)
   * ```
   */
  resume(id: string, options?: CallOptions): Promise<PlatformAccount & Underway>
  /**
   * Suspends an account now and deletes it in 14 days.
   * @example
   * ```ts
   * const { closes_at } = await client.accounts.remove(id)
   * ```
   */
  remove(id: string, options?: CallOptions): Promise<PlatformAccount & Underway>
  /**
   * Invites an owner into an account that has none.
   * @example
   * ```ts
   * const { url } = await client.accounts.inviteOwner(id, { owner_email: 'ada@initech.test' })
   * ```
   */
  inviteOwner(
    id: string,
    owner: { owner_email: string },
    options?: CallOptions & IdempotencyOptions,
  ): Promise<OwnerInvitation>
  /**
   * How much an account uses.
   * @example
   * ```ts
   * const { total } = await client.accounts.usage(id, { from: '2027-01-01', to: '2027-02-01' })
   * ```
   */
  usage(id: string, query?: UsageQuery, options?: CallOptions): Promise<Usage>
}

const accountsPath = '/api/accounts'
const pathOf = (id: string) => pathOfId(accountsPath, id)

export function accountCalls(request: Transport): AccountCalls {
  return {
    list: (query, options) => listPages(request, accountsPath, query, options),
    create: (json, options) =>
      dataOf(request('POST', accountsPath, { ...options, json, isOnce: true })),
    get: async (id, options) => dataOf(request('GET', pathOf(id), options)),
    update: async (id, json, options) => dataOf(request('PATCH', pathOf(id), { ...options, json })),
    suspend: async (id, options) => dataOf(request('POST', `${pathOf(id)}/suspend`, options)),
    resume: async (id, options) => dataOf(request('POST', `${pathOf(id)}/resume`, options)),
    remove: async (id, options) => dataOf(request('DELETE', pathOf(id), options)),
    inviteOwner: async (id, json, options) =>
      dataOf(request('POST', `${pathOf(id)}/owner-invitation`, { ...options, json, isOnce: true })),
    usage: async (id, query = {}, options) =>
      dataOf(request('GET', `${pathOf(id)}/usage${searchOf(query)}`, options)),
  }
}
