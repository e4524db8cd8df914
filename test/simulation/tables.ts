// D1's tables. Each batch of src/storage is one synchronous step; its comments name the statements that it
// mirrors, and test/simulation/sql.ts compares the two.

import { limitsOf } from '../../src/core/limits.ts'
import type { KeyRecord } from '../../src/core/record.ts'
import { type Role, strongestRole } from '../../src/core/role.ts'
import { groupOf } from '../../src/core/subject.ts'
import type { Change, NewKey } from '../../src/storage/key-changes.ts'
import type { ListedKey } from '../../src/storage/key-store.ts'
import type { Concerned, PendingRaise } from '../../src/storage/pending-raises.ts'
import type { History, State } from './history.ts'
import { isInjected } from './mistake.ts'
import { isSelected, newRow, type Row } from './rows.ts'

/** Of an account: its deletion scheduled or cancelled by itself, its suspension by the platform. */
export type Standing = 'close' | 'reopen' | 'suspend' | 'resume'

/** What concerns the keys of an account without writing their rows. */
export type AccountChange =
  /** role null: removed. */
  { kind: 'member'; userId: string; role: string | null } | { kind: 'rename' | Standing }

export type FenceRow = { region: string; seq: number }

/** The outcome of a commit: everything that has to be settled. */
export type Committed = {
  changed: string[]
  successor: string | null
  /** Selected keys that were revoked before. */
  alreadyRevoked: string[]
  pending: PendingRaise[]
  hasMore: boolean
}

type Content = {
  counter: number
  keys: Map<string, Row>
  members: Map<string, string>
  closing: Set<string>
  suspended: Set<string>
  fences: Map<string, FenceRow>
  raises: Map<string, PendingRaise>
}

export class Tables {
  counter = 0
  /** By digest. */
  keys = new Map<string, Row>()
  /** Role by `account/user`. */
  members = new Map<string, string>()
  /** Accounts with organization.closes_at. */
  closing = new Set<string>()
  /** Accounts with account_control.suspended_at. */
  suspended = new Set<string>()
  fences = new Map<string, FenceRow>()
  /** By `subject fence`. */
  raises = new Map<string, PendingRaise>()
  groupRaises = 0
  readonly history: History
  private readonly maxSingleRaises: number
  /** How many keys of a bulk change one batch writes. */
  private readonly perBatch: number

  constructor(history: History, maxSingleRaises: number, perBatch: number) {
    this.history = history
    this.maxSingleRaises = maxSingleRaises
    this.perBatch = perBatch
  }

  /** key-changes.ts `bump`; the triggers of migrations/0001 with D1's own clock. */
  bump(nowMs: number): number {
    this.counter = isInjected('plain-counter')
      ? this.counter + 1
      : Math.max(this.counter + 1, nowMs)
    return this.counter
  }

  /** key-store.ts `createKeyReader`: the row and the counter in one statement. */
  record(digest: string, row = this.keys.get(digest)): KeyRecord | null {
    if (row === undefined) return null
    const { id, name, accountId, createdBy, externalId, createdAt } = row
    const { scopes, expiresAt, allowedIps } = row
    return {
      asOf: this.counter,
      id,
      name,
      accountId,
      accountName: String(row.version),
      createdBy,
      externalId,
      metadata: null,
      format: row.format,
      scopes,
      role: this.roleOfCreator(row),
      createdAt,
      expiresAt,
      revoked: row.revokedAt !== null,
      disabled: row.disabled || this.closing.has(accountId),
      suspended: this.suspended.has(accountId) && !isInjected('suspension-not-read'),
      allowedIps,
      limits: limitsOf(row),
    }
  }

  /** key-store.ts `findKey`. */
  find(accountId: string, id: string): (ListedKey & Row) | null {
    for (const row of this.keys.values()) {
      if (row.id !== id || row.accountId !== accountId) continue
      const creatorRole = this.members.get(`${accountId}/${row.createdBy}`) ?? null
      return { ...row, creatorRole, creatorName: null }
    }
    return null
  }

  /** key-changes.ts `create`: bump, insert with the counter as seq. @throws Error for a known digest. */
  create(key: NewKey, nowMs: number): void {
    // The UNIQUE index on digest: the whole batch is rolled back.
    if (this.keys.has(key.digest)) throw new Error('UNIQUE constraint failed: api_key.digest')
    this.bump(nowMs)
    this.put(newRow(key, this.counter))
  }

  /** key-changes.ts `statementsOf`, in its order. */
  commit(change: Change, fences: readonly string[] = [...this.fences.keys()]): Committed {
    const { accountId, selection, patch, successor, nowMs } = change
    // bump(nowMs)
    if (!isInjected('bump-apart')) this.bump(nowMs)
    // update api_key … where selected(change)
    const selected = [...this.keys.values()].filter((row) => isSelected(row, accountId, selection))
    const isChangeable = (row: Row) => selection.by === 'version' || row.revokedAt === null
    const isBounded = selection.by !== 'version' && selection.by !== 'ids'
    const rows = selected.filter(isChangeable)
    // The index of unrevoked keys orders those of an account by time, every other those of a value as they were inserted.
    if (selection.by === 'account') rows.sort((one, other) => one.createdAt - other.createdAt)
    // someOf(selected(change), perBatch)
    if (isBounded) rows.splice(this.perBatch)
    const changed = rows.map(({ digest }) => digest)
    for (const row of rows) this.put({ ...row, ...(patch as object), seq: this.counter })
    // leaveRaises(change)
    this.leaveRaises(accountId, changed, fences)
    // insertSuccessor(successor), where exists (… changedNow)
    const hasSuccessor = successor !== undefined && changed.length > 0
    if (hasSuccessor) this.put(newRow(successor, this.counter))
    const alreadyRevoked = selected.filter((row) => !isChangeable(row)).map(({ digest }) => digest)
    // readPending(concernedBy(change))
    const pending = this.pending(
      selection.by === 'version' ? { accountId, digests: changed } : { accountId },
    )
    return {
      changed,
      successor: hasSuccessor ? successor.digest : null,
      alreadyRevoked,
      pending,
      hasMore: isBounded && changed.length === this.perBatch,
    }
  }

  /** key-changes.ts `leaveRaises`: for each key and fence, or above the limit for the group and each fence. */
  private leaveRaises(
    accountId: string,
    changed: readonly string[],
    fences: readonly string[],
  ): void {
    const isFew = changed.length <= this.maxSingleRaises
    if (!isFew) this.groupRaises++
    for (const subject of isFew ? changed : [groupOf(accountId)]) this.leaveRaise(subject, fences)
  }

  private leaveRaise(subject: string, fences: Iterable<string>): void {
    for (const fence of fences) {
      // on conflict (subject, fence) do update set seq = excluded.seq
      const raise = { fence, region: fence, subject, seq: this.counter }
      this.raises.set(`${subject} ${fence}`, raise)
    }
  }

  /** key-changes.ts `readPending`. */
  pending(of: Concerned): PendingRaise[] {
    const raises = [...this.raises.values()].filter(({ subject }) => {
      if (of === 'all') return true
      const { accountId, digests } = of
      if (subject === groupOf(accountId)) return !(digests && isInjected('group-overlooked'))
      // exists (select 1 from api_key where digest = subject and account_id = …)
      if (digests !== undefined) return digests.includes(subject)
      const isOfAccount = this.keys.get(subject)?.accountId === accountId
      return isOfAccount && !isInjected('account-keys-overlooked')
    })
    // coalesce(fence.region, pending_raise.fence)
    return raises.map((raise) => ({
      ...raise,
      region: this.fences.get(raise.fence)?.region ?? raise.fence,
    }))
  }

  /** key-changes.ts `removeRaises`: rows with that sequence or an older one. */
  settled(raises: readonly PendingRaise[]): void {
    for (const { subject, fence, seq } of raises) {
      const name = `${subject} ${fence}`
      const row = this.raises.get(name)
      if (row === undefined) continue
      if (row.seq <= seq || isInjected('settled-regardless')) this.raises.delete(name)
    }
  }

  /** fence-registry.ts `register`: bump, upsert, read the counter. */
  register(name: string, region: string, nowMs: number): number {
    const seq = this.bump(nowMs)
    this.fences.set(name, { region, seq })
    return seq
  }

  /** fence-registry.ts `retire`: only the row with this sequence. */
  retire(name: string, seq: number): void {
    if (this.fences.get(name)?.seq === seq || isInjected('retire-regardless'))
      this.fences.delete(name)
  }

  /** `UPDATE member`, `INSERT` or `DELETE` (role null), with the triggers of migrations/0001. */
  changeMember(accountId: string, userId: string, role: string | null, nowMs: number): string[] {
    const name = `${accountId}/${userId}`
    const follows = ({ scopes, createdBy, ...row }: Row) =>
      row.accountId === accountId && createdBy === userId && scopes === null
    const keys = [...this.keys.values()].filter(follows)
    // WHEN OLD.role IS NOT NEW.role; a DELETE of no row fires no trigger.
    const before = this.members.get(name) ?? null
    if (before !== role) {
      if (role === null) this.members.delete(name)
      else this.members.set(name, role)
      if (keys.length > 0) this.readDifferently(accountId, keys, nowMs)
      if (isWeaker(role, before)) this.endGrants(accountId, userId, nowMs)
    }
    return keys.map(({ digest }) => digest)
  }

  /** The triggers member_demoted, member_left and former_grants_end. */
  private endGrants(accountId: string, userId: string, nowMs: number): void {
    const keys = [...this.keys.values()].filter(
      (row) =>
        row.accountId === accountId &&
        row.grantedBy === userId &&
        row.revokedAt === null &&
        !row.disabled &&
        (row.scopes?.includes('keys:manage') ?? false),
    )
    if (keys.length === 0) return
    this.bump(nowMs)
    for (const row of keys) this.put({ ...row, disabled: true, seq: this.counter })
    this.raiseAccount(accountId, nowMs)
  }

  /** The trigger account_renamed. */
  rename(accountId: string, nowMs: number): string[] {
    const keys = this.keysOf(accountId)
    this.readDifferently(accountId, keys, nowMs)
    return keys.map(({ digest }) => digest)
  }

  /**
   * The triggers account_closes (WHEN OLD.closes_at IS NOT NEW.closes_at), and account_suspended and
   * account_suspension_changed (WHEN the account is suspended now and was not before, or the reverse).
   */
  changeStanding(accountId: string, standing: Standing, nowMs: number): string[] {
    const keys = this.keysOf(accountId)
    const accounts = standing === 'close' || standing === 'reopen' ? this.closing : this.suspended
    const isHeld = standing === 'close' || standing === 'suspend'
    if (accounts.has(accountId) !== isHeld) {
      accounts[isHeld ? 'add' : 'delete'](accountId)
      if (accounts === this.suspended) this.history.suspensions.commit(accountId)
      this.readDifferently(accountId, keys, nowMs, standing)
    }
    return keys.map(({ digest }) => digest)
  }

  private keysOf(accountId: string): Row[] {
    return [...this.keys.values()].filter((row) => row.accountId === accountId)
  }

  /** Their rows are not written, but what is read of them changes. */
  private readDifferently(
    accountId: string,
    keys: readonly Row[],
    nowMs: number,
    standing: Standing | null = null,
  ): void {
    const isSuspension = standing === 'suspend' || standing === 'resume'
    if (isSuspension && isInjected('suspension-without-raise')) this.bump(nowMs)
    else if (isSuspension && isInjected('suspension-raises-one-key')) {
      this.bump(nowMs)
      for (const { digest } of keys.slice(0, 1)) this.leaveRaise(digest, this.fences.keys())
    } else this.raiseAccount(accountId, nowMs)
    for (const { digest } of keys) {
      const row = this.keys.get(digest)
      if (row !== undefined) this.put(row)
    }
  }

  /** The trigger account_change_raises. */
  private raiseAccount(accountId: string, nowMs: number): void {
    this.bump(nowMs)
    if (isInjected('trigger-without-raise')) return
    this.leaveRaise(groupOf(accountId), this.fences.keys())
  }

  copy(): Content {
    const { counter, keys, members, closing, suspended, fences, raises } = this
    return {
      counter,
      keys: new Map(keys),
      members: new Map(members),
      closing: new Set(closing),
      suspended: new Set(suspended),
      fences: new Map(fences),
      raises: new Map(raises),
    }
  }

  /** Restores an earlier state. Each restored row is a new version. */
  restore({ counter, keys, members, closing, suspended, fences, raises }: Content): void {
    const lost = [...this.keys.keys()].filter((digest) => !keys.has(digest))
    for (const digest of lost) this.history.commit(digest, null)
    this.counter = counter
    this.members = new Map(members)
    this.history.suspensions.restore()
    this.closing = new Set(closing)
    this.suspended = new Set(suspended)
    this.fences = new Map(fences)
    this.raises = new Map(raises)
    this.keys = new Map()
    for (const row of keys.values()) this.put(row)
  }

  private put(row: Row): void {
    this.keys.set(row.digest, {
      ...row,
      version: this.history.commit(row.digest, this.stateOf(row)),
    })
  }

  private stateOf(row: Row): State {
    const { scopes, expiresAt, disabled, format } = row
    const role = this.roleOfCreator(row)
    const closing = this.closing.has(row.accountId)
    const suspended = this.suspended.has(row.accountId)
    const revoked = row.revokedAt !== null
    return { scopes, role, format, expiresAt, disabled, closing, suspended, revoked }
  }

  private roleOfCreator({ accountId, createdBy }: Row): Role | null {
    return strongestRole(this.members.get(`${accountId}/${createdBy}`) ?? null)
  }
}

function isWeaker(role: string | null, before: string | null): boolean {
  const rankOf = (held: string | null) =>
    held === null ? 3 : ['owner', 'admin', 'member'].indexOf(held)
  return before !== null && rankOf(role) > rankOf(before)
}
