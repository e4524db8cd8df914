// The test oracle: every committed version of every key, and the oldest version that a verdict may use.

import type { Role } from '../../src/core/role.ts'
import type { AccessRequest } from '../../src/core/verdict.ts'
import type { Verification } from '../../src/keys/verify.ts'
import { Suspensions } from './suspensions.ts'

/** One committed state of a key; null: there was no such key. */
export type State = {
  scopes: readonly string[] | null
  role: Role | null
  format: string
  expiresAt: number | null
  revoked: boolean
  disabled: boolean
  /** Of the account. */
  closing: boolean
  suspended: boolean
} | null

export type Versions = ReadonlyMap<string, number>

/** A verification for the oracle. */
export type CheckedVerdict = {
  digest: string
  question: AccessRequest
  /** The oldest version it may use: the one guaranteed when it began. */
  floor: number
  /** The verifier's clock when it decided. */
  clock: number
  verification: Verification
}

export class History {
  readonly suspensions = new Suspensions()
  private readonly states = new Map<string, State[]>()
  private readonly guaranteed = new Map<string, number>()

  /** Records a committed write. @returns the number of the version. */
  commit(digest: string, state: State): number {
    const states = this.statesOf(digest)
    states.push(state)
    return states.length - 1
  }

  latest(digest: string): number {
    return this.statesOf(digest).length - 1
  }

  state(digest: string, version: number): State {
    return this.statesOf(digest)[version] ?? null
  }

  /** The version in which a key that is revoked now became revoked. */
  revokedSince(digest: string): number {
    const states = this.statesOf(digest)
    let version = states.length - 1
    while (states[version - 1]?.revoked) version--
    return version
  }

  /** From now on no verdict may use an older version. */
  guarantee(versions: Versions): void {
    for (const [digest, version] of versions) {
      if (version > this.floor(digest)) this.guaranteed.set(digest, version)
    }
  }

  floor(digest: string): number {
    return this.guaranteed.get(digest) ?? 0
  }

  digests(): string[] {
    return [...this.states.keys()]
  }

  /** What is wrong with a verdict, or null. */
  check({ digest, question, floor, clock, verification }: CheckedVerdict): string | null {
    const { verdict } = verification
    if (verdict.code === 'authority_unavailable') return null
    const states = this.statesOf(digest)
    if (verdict.code === 'invalid_api_key') {
      if (states.slice(floor).includes(null)) return null
      return `the key is unknown, although version ${floor} was guaranteed`
    }
    if (!('record' in verdict)) return `${verdict.code}, although nothing is limited`
    const version = versionOf(verdict.record)
    const state = states[version]
    if (state === undefined || state === null) return `version ${version} was never committed`
    if (version < floor) return `used version ${version}, although ${floor} was guaranteed`
    const expected = expectedCode(state, question, clock)
    if (expected !== verdict.code)
      return `${verdict.code} for version ${version} instead of ${expected}`
    return null
  }

  private statesOf(digest: string): State[] {
    const states = this.states.get(digest)
    if (states !== undefined) return states
    const first: State[] = [null]
    this.states.set(digest, first)
    return first
  }
}

/** The doubles store the version in the name of the account. */
export function versionOf({ accountName }: { accountName: string }): number {
  return Number(accountName)
}

/** A second implementation of the contract's order of reasons. */
function expectedCode(
  state: NonNullable<State>,
  { scopes, anyOf, environments }: AccessRequest,
  clock: number,
): string {
  if (state.revoked) return 'revoked_api_key'
  if (state.disabled || state.closing) return 'disabled_api_key'
  if (state.expiresAt !== null && clock >= state.expiresAt) return 'expired_api_key'
  if (state.suspended) return 'account_suspended'
  const environment = state.format === 'test' ? 'test' : 'live'
  if (environments !== null && !environments.includes(environment)) return 'wrong_environment'
  const isMet = scopes.every((need) => has(state, need))
  if (isMet && (anyOf === null || anyOf.some((need) => has(state, need)))) return 'valid'
  return 'insufficient_scope'
}

/** A second implementation of what scopes cover, for the catalogue and the roles of config.ts. */
function has({ scopes, role }: NonNullable<State>, need: string): boolean {
  const ofRole = { owner: ['contacts:*'], admin: ['contacts:*'], member: ['contacts:read'] }
  const held = scopes ?? (role === null ? [] : ofRole[role])
  const [name = ''] = need.split('#')
  return held.some((each) => each === need || each === name || each === 'contacts:*')
}
