// The checks of a key in plain words: what each compared, and what would mend it.
import { missingScopesDetail, wrongEnvironmentDetail } from '../../../contract/refusals.ts'
import { environmentOf } from '../../../core/environment.ts'
import type { KeyRecord } from '../../../core/record.ts'
import type { Powers } from '../../../core/scopes.ts'
import { writeTime } from '../../../core/time.ts'
import type { AccessRequest, CheckName, Refused, VerdictConfig } from '../../../core/verdict.ts'
import type { ListedKey } from '../../../storage/key-store.ts'
import { type Finding, failed, passed } from './finding.ts'

export type Seen = {
  row: ListedKey
  record: KeyRecord
  powers: Powers
  access: AccessRequest
  /** The policy that decides; null: none does. */
  policy: string | null
  config: VerdictConfig
}

/** @param refused the decision of the check itself; null where the key passes it */
type Explain = (seen: Seen, refused: Refused | null) => Finding

export const ofRecord: Record<CheckName, Explain> = {
  revoked({ row }, refused) {
    if (refused === null) return passed('The key is not revoked.')
    const at = row.revokedAt === null ? '' : ` at ${writeTime(row.revokedAt)}`
    return failed(refused.code, `The key was revoked${at}, for good.`, anotherKey(row))
  },

  disabled({ row }, refused) {
    if (refused === null) return passed('The key is not disabled.')
    if (row.disabled) {
      return failed(refused.code, 'The key is disabled.', 'Enable it: is_active true.')
    }
    const detail = 'The deletion of the account is scheduled: until then its keys are disabled.'
    return failed(refused.code, detail, 'An owner cancels the deletion of the account.')
  },

  expired({ row, record: { expiresAt } }, refused) {
    if (expiresAt === null) return passed('The key never expires.')
    if (refused === null) return passed(`The key expires at ${writeTime(expiresAt)}.`)
    const remedy =
      row.replacedBy === null ? 'Set a later expires_at, or make another key.' : anotherKey(row)
    return failed(refused.code, `The key expired at ${writeTime(expiresAt)}.`, remedy)
  },

  suspended(_, refused) {
    if (refused === null) return passed('The account is not suspended.')
    const detail = 'The account is suspended: no key of it works.'
    return failed(refused.code, detail, 'The operator of this service resumes the account.')
  },

  environment({ record, access: { environments }, policy, config }, refused) {
    const own = environmentOf(record.format, config)
    if (environments === null) return passed(`The key is of ${own}, and any environment will do.`)
    if (refused === null) return passed(`The key is of ${own}, as the request needs.`)
    const needed = environments.join(' or ')
    const others =
      policy === null ? `verify with environment ${own}` : `admit ${own} in policies.${policy}`
    const detail = `The key is of ${own}. ${wrongEnvironmentDetail(environments)}`
    return failed(refused.code, detail, `Use a key of ${needed}, or ${others}.`)
  },

  address({ record: { allowedIps }, access: { ip } }, refused) {
    if (allowedIps === null) return passed('The key is bound to no address.')
    const bound = allowedIps.join(', ')
    if (refused === null) return passed(`${ip} is in ${bound}.`)
    if (ip === null) {
      const detail = `The key is bound to ${bound}, and no address was given.`
      return failed(refused.code, detail, 'Name the address of the client as ip.')
    }
    const remedy = 'Call from one of these, or add the address to allowed_ips of the key.'
    return failed(refused.code, `${ip} is not in ${bound}.`, remedy)
  },

  scope({ record, access: { scopes, anyOf } }, refused) {
    if (refused === null || refused.code !== 'insufficient_scope') {
      const needed = [...scopes, ...(anyOf === null ? [] : [anyOf.join(' or ')])]
      if (needed.length === 0) return passed('The request needs no scope.')
      return passed(`The key holds what the request needs: ${needed.join(' and ')}.`)
    }
    const { code, missing, missingAnyOf } = refused
    const needs = missingScopesDetail(missing, missingAnyOf)
    if (record.scopes !== null) {
      return failed(code, `${needs} The key does not hold it.`, 'Add it to the scopes of the key.')
    }
    const whose = record.role === null ? 'who is no member any more' : `a member as ${record.role}`
    const remedy = 'Give the key scopes of its own, or its creator a role that holds it.'
    return failed(code, `${needs} The key inherits from its creator, ${whose}.`, remedy)
  },
}

function anotherKey({ replacedBy }: ListedKey): string {
  return replacedBy === null ? 'Make another key.' : `Use the key that replaced it: ${replacedBy}.`
}
