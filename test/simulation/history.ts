// What every key has been, as it was committed, and what has been promised about it: the judge.

import type { Role } from '../../src/core/role.ts'
import { powersOfKey } from '../../src/core/scopes.ts'
import type { AccessRequest } from '../../src/core/verdict.ts'
import type { Verification } from '../../src/keys/verify.ts'
import { config } from './config.ts'

/** One committed state of a key; null: there was no such key. */
export type State = {
  scopes: readonly string[] | null
  role: Role | null
  expiresAt: number | null
  revoked: boolean
  disabled: boolean
} | null

export type Versions = ReadonlyMap<string, number>

/** A verification as the judge sees it. */
export type Judged = {
  digest: string
  question: AccessRequest
  /** The oldest version that it may decide by: what had been promised when it began. */
  floor: number
  /** The verifier's clock when it decided. */
  clock: number
  verification: Verification
}

export class History {
  private readonly states = new Map<string, State[]>()
  private readonly promised = new Map<string, number>()

  /** A committed write. Answers the number of the version. */
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

  /** The version since which a key that is revoked now has been so. */
  revokedSince(digest: string): number {
    const states = this.statesOf(digest)
    let version = states.length - 1
    while (states[version - 1]?.revoked) version--
    return version
  }

  /** From now on nobody may decide by an older version. */
  promise(versions: Versions): void {
    for (const [digest, version] of versions) {
      if (version > this.floor(digest)) this.promised.set(digest, version)
    }
  }

  floor(digest: string): number {
    return this.promised.get(digest) ?? 0
  }

  digests(): string[] {
    return [...this.states.keys()]
  }

  /** What is wrong with a verdict, or null. */
  judge({ digest, question, floor, clock, verification }: Judged): string | null {
    const { verdict } = verification
    if (verdict.code === 'authority_unavailable') return null
    const states = this.statesOf(digest)
    if (verdict.code === 'invalid_api_key') {
      if (states.slice(floor).includes(null)) return null
      return `it is unknown, though version ${floor} had been promised`
    }
    if (!('record' in verdict)) return `${verdict.code}, though nothing is limited`
    const version = versionOf(verdict.record)
    const state = states[version]
    if (state === undefined || state === null) return `version ${version} was never committed`
    if (version < floor) return `decided by version ${version}, though ${floor} had been promised`
    const expected = decide(state, question, clock)
    if (expected !== verdict.code) return `${verdict.code} for version ${version}: ${expected}`
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

/** The doubles put the number of the version where the name of the account stands. */
export function versionOf({ accountName }: { accountName: string }): number {
  return Number(accountName)
}

/** The contract's order of reasons, written once more. */
function decide(state: NonNullable<State>, { scopes }: AccessRequest, clock: number): string {
  if (state.revoked) return 'revoked_api_key'
  if (state.disabled) return 'disabled_api_key'
  if (state.expiresAt !== null && clock >= state.expiresAt) return 'expired_api_key'
  const held = powersOfKey(state, config).scopes
  return scopes.every((scope) => held.includes(scope)) ? 'valid' : 'insufficient_scope'
}
