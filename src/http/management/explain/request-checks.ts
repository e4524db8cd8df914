// The checks of a request, of its token and by the policy, in plain words. No secret is told, nor which one matched.
import type { RequestRoute } from '../../gateway/admission.ts'
import type { Problem } from '../../response/problem.ts'
import { type Finding, failed, passed, unchecked } from './finding.ts'
import type { Presented } from './presented-token.ts'
import type { Question } from './question.ts'
import type { RefusalCode } from './schema.ts'

export function ofPath(target: Question['target']): Finding {
  if (target === null) return unchecked('No method and path were given.')
  if (!target.isAmbiguous) return passed('The path has one reading.')
  return failed(
    'not_found',
    'The path has more than one reading: it is refused before the key is looked at.',
    'Send it without dot segments, empty segments, encoded slashes and control characters.',
  )
}

export function ofToken(
  presented: Presented | null,
  isKnown: boolean,
): Record<'shape' | 'tag' | 'known', Finding> {
  if (presented === null) {
    const none = unchecked('The key was named by its id, so that there is no token to check.')
    return { shape: none, tag: none, known: passed('It is a key of this account.') }
  }
  return { shape: ofShape(presented), tag: ofTag(presented), known: ofKnown(presented, isKnown) }
}

function ofShape({ format }: Presented): Finding {
  if (format !== null) {
    return passed(`The token has the form of the ${format.origin} format ${format.name}.`)
  }
  return failed(
    'invalid_api_key',
    'The token has the form of no format of this deployment.',
    'Send the whole token, as it was shown when the key was made.',
  )
}

function ofTag({ format, hasTag }: Presented): Finding {
  if (hasTag) return passed('Its tag matches: this deployment made it.')
  if (format === null) return unchecked('Without a format there is no tag to check.')
  if (hasTag === null) return unchecked('A token of a foreign format has no tag.')
  return failed(
    'invalid_api_key',
    'Its tag does not match: it was altered, another deployment made it, or TAG_SECRETS has lost the secret of its time.',
    'Copy the token again, or make a key here.',
  )
}

function ofKnown({ digest }: Presented, isKnown: boolean): Finding {
  if (isKnown) return passed('It is the token of a key of this account.')
  if (digest === null) return unchecked('No key can have such a token.')
  return failed(
    'invalid_api_key',
    'No key of this account has this token.',
    'Use the token of a key of this account, or make one.',
  )
}

export function ofPolicy(route: RequestRoute, refused: Problem | null, policy: string): Finding {
  if (refused !== null) {
    return failed(refused.code as RefusalCode, refused.message, remedyOf(route, policy))
  }
  return route.kind === 'scope'
    ? passed(`The policy ${policy} lists it as ${route.method} ${route.pattern}.`)
    : passed(`The policy ${policy} does not list it, and the key has full access.`)
}

function remedyOf({ kind }: RequestRoute, policy: string): string {
  switch (kind) {
    case 'unlisted':
      return `List the method and the path in policies.${policy}, or use a key that inherits from a role with all scopes.`
    case 'encoded':
      return 'Send the id without percent-encoding.'
    default:
      return 'Send the path without semicolons and without an encoded percent sign.'
  }
}
