// The calls of a deployment. Names and fields are those of the wire; every failure is thrown as LatchkeyError.
import type { Usage, UsageOfKeys, UsageQuery } from './account-types.ts'
import type { AccountCalls } from './accounts.ts'
import type { Items } from './pages.ts'
import type { PortalCalls } from './portal.ts'
import type { CallOptions, IdempotencyOptions } from './transport.ts'
import type {
  AuditEvent,
  AuditQuery,
  ExplainRequest,
  Introspection,
  IssuedKey,
  Key,
  KeyChanges,
  KeyExplanation,
  KeyQuery,
  KeySummary,
  NewKey,
  RevokedKeys,
  Rotation,
  Scope,
  Selection,
  ToppedUp,
  Underway,
  VerifyAnswer,
  VerifyRequest,
} from './types.ts'

/**
 * The calls of one deployment. Each one throws `LatchkeyError`, or the reason of `signal`.
 * @example
 * ```ts
 * const client: Client = createClient({ url: 'https://keys.example.com', key: 'whm_…' })
 * ```
 */
export type Client = {
  /**
   * Keys, newest first: `await` gives one page, `for await` every key.
   * @example
   * ```ts
   * for await (const key of client.list({ status: 'active' })) console.log(key.name, key.expires_at)
   * ```
   */
  list(query?: KeyQuery, options?: CallOptions): Items<Key>
  /**
   * How many active keys there are, expire soon or are unused: for a dashboard.
   * @example
   * ```ts
   * const { active, expiring_in_7_days } = await client.summary()
   * ```
   */
  summary(options?: CallOptions): Promise<KeySummary>
  /**
   * The key of the account with this token, whatever its status; `not_found` where it has none. Changes nothing, counts
   * nothing: to check a request, `verify` it.
   * @example
   * ```ts
   * const { id, status } = await client.lookup(tokenFromALog)
   * ```
   */
  lookup(token: string, options?: CallOptions): Promise<Key>
  /**
   * Why a request with a key passes or is refused: every check, and what would mend those that fail. Changes nothing, counts
   * nothing. With `method` and `path` it is a request to the gateway, else one that `verify` is asked about.
   * @example
   * ```ts
   * const { checks } = await client.explain({ key_id: id, method: 'GET', path: '/api/contacts/42', ip: '192.0.2.1' })
   * for (const { check, remedy } of checks) if (remedy !== null) console.log(check, remedy)
   * ```
   */
  explain(request: ExplainRequest, options?: CallOptions): Promise<KeyExplanation>
  /**
   * Creates a key, once: it is retried with an `Idempotency-Key` of its own, and where the answer that held the token was lost, the
   * key is rotated for a token that nobody saw. With an `idempotencyKey` of yours (1 to 255 characters, a new one for each key) it
   * is not rotated, since an earlier call may have received the token: `conflict` has its id in `keyId`.
   * @example
   * ```ts
   * const { id, key } = await client.create({ name: 'CI', scopes: ['contacts:read'] })
   * ```
   */
  create(key: NewKey, options?: CallOptions & IdempotencyOptions): Promise<IssuedKey>
  /**
   * One key by its id; `not_found` for an id of another account.
   * @example
   * ```ts
   * const { status } = await client.get(id)
   * ```
   */
  get(id: string, options?: CallOptions): Promise<Key>
  /**
   * Changes a key. Resolves once the change is in force everywhere.
   * @example
   * ```ts
   * await client.update(id, { is_active: false })
   * ```
   */
  update(id: string, changes: KeyChanges, options?: CallOptions): Promise<Key & Underway>
  /**
   * Issues a new token with the same powers and environment. The old one expires after `overlap_seconds`, 0 by default;
   * the new one when the old one would have, but for `expires_at`. Retried as `create` is.
   * @example
   * ```ts
   * const { key } = await client.rotate(id, { overlap_seconds: 3_600, expires_at: '2099-12-31T23:59:59Z' })
   * ```
   */
  rotate(
    id: string,
    rotation?: Rotation,
    options?: CallOptions & IdempotencyOptions,
  ): Promise<IssuedKey & Underway>
  /**
   * Adds credits, a whole number from 1, to the balance of a key. Its retries add them once; a later call of yours adds nothing
   * for 24 hours where it has the same `idempotencyKey` (1 to 255 characters).
   * @example
   * ```ts
   * await client.addCredits(id, { add: 1_000 }, { idempotencyKey: 'invoice-42' })
   * ```
   */
  addCredits(
    id: string,
    credits: { add: number },
    options?: CallOptions & IdempotencyOptions,
  ): Promise<ToppedUp>
  /**
   * Revokes a key for good. Resolves once it fails everywhere; safe to repeat.
   * @example
   * ```ts
   * await client.revoke(id)
   * ```
   */
  revoke(id: string, options?: CallOptions): Promise<{ message: string } & Underway>
  /**
   * Revokes every key of a selection with one wait. `revoked` counts the keys.
   * `missing` holds what named no key of the account.
   * @example
   * ```ts
   * const { revoked } = await client.revokeMany({ external_id: 'customer-7' })
   * ```
   */
  revokeMany(selection: Selection, options?: CallOptions): Promise<RevokedKeys & Underway>
  /**
   * The requests of a key by the code that they were answered with, by day or by hour.
   * @example
   * ```ts
   * const { total, counts } = await client.usage(id, { granularity: 'hour' })
   * ```
   */
  usage(id: string, query?: UsageQuery, options?: CallOptions): Promise<Usage>
  /**
   * The requests of up to 100 keys in one answer, in the order of `ids`. `missing` holds the ids
   * that name no key of the account.
   * @example
   * ```ts
   * const { keys } = await client.usageOfKeys([id], { granularity: 'day' })
   * ```
   */
  usageOfKeys(
    ids: readonly string[],
    query?: UsageQuery,
    options?: CallOptions,
  ): Promise<UsageOfKeys>
  /**
   * The scopes that a key can hold.
   * @example
   * ```ts
   * const names = (await client.scopes()).map(({ scope }) => scope)
   * ```
   */
  scopes(options?: CallOptions): Promise<Scope[]>
  /**
   * Audit events, newest first: `await` gives one page, `for await` every event.
   * @example
   * ```ts
   * const { data } = await client.auditEvents({ key_id: id, from: '2027-01-01T00:00:00Z', limit: 10 })
   * ```
   */
  auditEvents(query?: AuditQuery, options?: CallOptions): Items<AuditEvent>
  /**
   * Verifies a token. An unknown verdict is thrown (`authority_unavailable`), never `valid: false`.
   * @example
   * ```ts
   * const { valid, code } = await client.verify({ token, scopes: ['contacts:read'] })
   * ```
   */
  verify(request: VerifyRequest, options?: CallOptions): Promise<VerifyAnswer>
  /**
   * Verifies 1 to 100 tokens; answers are in the order of the requests.
   * @example
   * ```ts
   * const answers = await client.verifyBatch(tokens.map((token) => ({ token })))
   * ```
   */
  verifyBatch(requests: readonly VerifyRequest[], options?: CallOptions): Promise<VerifyAnswer[]>
  /**
   * Token introspection (RFC 7662). `ip` is the address of the client, for keys with `allowed_ips`.
   * @example
   * ```ts
   * const { active } = await client.introspect(token)
   * ```
   */
  introspect(
    token: string,
    options?: CallOptions & { ip?: string | undefined },
  ): Promise<Introspection>
  /**
   * The accounts of the deployment, with a key that holds `platform:manage` or the JWT of an owner of the platform.
   * @example
   * ```ts
   * const { id } = await client.accounts.create({ name: 'Initech', owner_email: 'ada@initech.test' })
   * const initech = createClient({ url, key, account: id })
   * ```
   */
  accounts: AccountCalls
  /**
   * The portal, with a key that holds `keys:portal`.
   * @example
   * ```ts
   * const limits = { rate_limit: { limit: 100, window_seconds: 60 } }
   * const { url } = await client.portal.createSession({ external_id: 'customer-7', scopes: ['contacts:read'], limits })
   * ```
   */
  portal: PortalCalls
}
