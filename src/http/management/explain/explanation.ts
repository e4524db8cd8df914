// Explains a request: every check that a real one meets, in the same order and by the same code, also after a failed one.
import type { KeyRecord } from '../../../core/record.ts'
import { redact } from '../../../core/redact.ts'
import { powersOfKey } from '../../../core/scopes.ts'
import { checks } from '../../../core/verdict.ts'
import { foresee } from '../../../limits/foresee.ts'
import type { ListedKey } from '../../../storage/key-store.ts'
import { principalOf } from '../../auth/principal.ts'
import { refusalOf } from '../../gateway/admission.ts'
import type { Services } from '../../services.ts'
import { identityOf, remainingOf } from '../../verify/verify-token.ts'
import { type Finding, unchecked } from './finding.ts'
import { ofRecord, type Seen } from './key-checks.ts'
import { limitsRead, limitsUnknown, noLimits } from './limit-checks.ts'
import type { Presented } from './presented-token.ts'
import type { Question } from './question.ts'
import { ofPath, ofPolicy, ofToken } from './request-checks.ts'
import { type Check, type CheckName, checkNames, type Explanation } from './schema.ts'

/** The key: its row, and the record that verification decides from. */
export type Subject = { row: ListedKey; record: KeyRecord }

type Facts = { presented: Presented | null; subject: Subject | null; question: Question }
type Findings = Partial<Record<CheckName, Finding>>

export async function explanationOf(services: Services, facts: Facts): Promise<Explanation> {
  const { config } = services
  const { presented, subject, question } = facts
  const { access, target } = question
  const ofRequest = { path: ofPath(target), ...ofToken(presented, subject !== null) }
  const shown = subject === null ? nobody : await ofKey(services, subject, question)
  const found: Findings = { ...ofRequest, ...shown.findings }
  const list = checkNames.map((check): Check => {
    const finding = found[check] ?? noKey
    return { check, ...finding, detail: redact(finding.detail) }
  })
  const refused = list.find(({ code }) => code !== null)
  return {
    code: refused?.code ?? 'valid',
    ...shown.about,
    needed: {
      scopes: access.scopes.map(redact),
      // The client may have put its token where the path has an id.
      any_of: access.anyOf === null ? null : access.anyOf.map(redact),
      environments: access.environments && [...access.environments],
    },
    route: target?.route.kind === 'scope' ? target.route.pattern : null,
    ...remainingOf(shown.left),
    retry_after_seconds: refused?.check === 'limits' ? shown.retryAfterSeconds : null,
    lease_seconds: config.leaseMs / 1_000,
    checks: list,
  }
}

const noKey = unchecked('There is no key to check.')
const nobody = {
  about: { key: null, account: null, scopes: null, resources: null },
  ...{ findings: {}, left: null, retryAfterSeconds: null },
}

async function ofKey(services: Services, { row, record }: Subject, question: Question) {
  const { config, clock } = services
  const powers = powersOfKey(record, config)
  const { scopes, resources } = powers
  const policy = question.target && config.gateway.policy
  const seen = { row, record, powers, access: question.access, policy, config }
  const limits = await readLimits(services, record)
  return {
    about: { ...identityOf(record, config), scopes: [...scopes], resources: [...resources] },
    findings: {
      ...verdictOn(seen, clock.now()),
      policy: policyOn(seen, question),
      limits: limits.finding,
    },
    left: limits.left,
    retryAfterSeconds: limits.retryAfterSeconds,
  }
}

function verdictOn(seen: Seen, nowMs: number): Findings {
  const { record, powers, access, config } = seen
  const names = Object.keys(checks) as (keyof typeof checks)[]
  const found = names.map((name) => {
    const refused = checks[name]({ record, powers }, access, nowMs, config)
    return [name, ofRecord[name](seen, refused)]
  })
  return Object.fromEntries(found)
}

function policyOn({ record, powers, policy, config }: Seen, { target }: Question): Finding {
  if (target === null || policy === null) return unchecked('No method and path were given.')
  // As for a key that passed all before, whatever this one did.
  const principal = principalOf({ code: 'valid', record, powers }, config)
  return ofPolicy(target.route, refusalOf(principal, target.route), policy)
}

/** Consumes nothing. */
async function readLimits(services: Services, { limits }: KeyRecord) {
  const nothing = { left: null, retryAfterSeconds: null }
  if (limits === null) return { finding: noLimits, ...nothing }
  const answer = await (await services.meters()).read(limits.meter, limits.terms)
  if (answer.outcome === 'unavailable') return { finding: limitsUnknown, ...nothing }
  const left = { windows: answer.windows, credits: answer.credits }
  const foreseen = foresee(left, limits.terms, services.clock.now())
  const retryAfterSeconds = foreseen.code === 'valid' ? null : foreseen.retryAfterSeconds
  return { finding: limitsRead(left, foreseen), left, retryAfterSeconds }
}
