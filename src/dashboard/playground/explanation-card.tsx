// Every check in order, ticked or crossed, each with what mends it.
import { CheckCircleIcon, MinusCircleIcon, XCircleIcon } from '@phosphor-icons/react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { Card } from '../ui/card.tsx'
import type { Check, Explanation } from '../usage/explain.ts'
import { mendOfCheck } from '../usage/mend.ts'
import { MendLink } from '../usage/mend-link.tsx'
import { timeOfDay } from '../usage/time-of-day.tsx'
import { verdictNames } from '../usage/verdicts.ts'

type Props = {
  explanation: Explanation
  /** The address that was asked about. */
  ip: string | null
  atMs: number
  /** The fields are not those any more that it answers. */
  isOld: boolean
}

export function ExplanationCard({ explanation, ip, atMs, isOld }: Props) {
  const { code, key, route, checks, lease_seconds } = explanation
  const decisive = checks.find((check) => check.code !== null)
  return (
    <Card
      title="Answer"
      description={`As of ${timeOfDay(atMs)}, from the database. Every isolate follows within ${lease_seconds} s.`}
    >
      <div className={`flex flex-col gap-4 ${isOld ? 'opacity-60' : ''}`}>
        <div role="status" className="flex flex-col gap-1 text-base text-kumo-default">
          <p className="flex items-center gap-2 text-lg font-semibold">
            <Mark passed={code === 'valid'} />
            {outcomeName(code)}
          </p>
          {isOld && <p>The fields have changed since: check again.</p>}
          <p className="wrap-anywhere text-kumo-subtle">
            {key === null ? (
              'No key of this account.'
            ) : (
              <>
                Key{' '}
                <Link href={`/keys/${key.id}`} className="text-kumo-link underline">
                  <bdi>{key.name}</bdi>
                </Link>
                {route !== null && `, route ${route}`}
              </>
            )}
          </p>
        </div>
        <ol aria-label="Checks" className="flex flex-col divide-y divide-kumo-hairline">
          {checks.map((check) => (
            <CheckItem
              key={check.check}
              check={check}
              isDecisive={check === decisive}
              mend={
                <MendLink
                  mend={changing(mendOfCheck(check, explanation, ip))}
                  keyId={key?.id ?? null}
                />
              }
            />
          ))}
        </ol>
      </div>
    </Card>
  )
}

/** Where no change of the key helps, the remedy of the API says what does. */
const changing = (mend: ReturnType<typeof mendOfCheck>) => (mend?.change ? mend : null)

type ItemProps = { check: Check; isDecisive: boolean; mend: ReactNode }

function CheckItem({ check: { check, passed, detail, remedy }, isDecisive, mend }: ItemProps) {
  return (
    <li className="flex items-start gap-2.5 py-2.5 text-base">
      <span className="mt-0.5 shrink-0 text-lg">
        <Mark passed={passed} />
      </span>
      <div className="min-w-0 wrap-anywhere">
        <p className="font-medium text-kumo-default">
          {checkNames[check]}
          {isDecisive && <span className="font-normal text-kumo-danger"> decides</span>}
        </p>
        <p className="text-kumo-subtle">{detail}</p>
        {remedy !== null && <p className="text-kumo-default">{remedy}</p>}
        {mend}
      </div>
    </li>
  )
}

function Mark({ passed }: { passed: boolean | null }) {
  if (passed === null) {
    return <MinusCircleIcon aria-label="Not checked" className="shrink-0 text-kumo-subtle" />
  }
  return passed ? (
    <CheckCircleIcon weight="fill" aria-label="Passed" className="shrink-0 text-kumo-success" />
  ) : (
    <XCircleIcon weight="fill" aria-label="Failed" className="shrink-0 text-kumo-danger" />
  )
}

/** Every check, so that a new one needs its name. */
const checkNames: Record<Check['check'], string> = {
  path: 'Path',
  shape: 'Form of the token',
  tag: 'Tag of the token',
  known: 'Key of this account',
  revoked: 'Not revoked',
  disabled: 'Not disabled',
  expired: 'Not expired',
  suspended: 'Account not suspended',
  environment: 'Environment',
  address: 'Address',
  scope: 'Scopes',
  policy: 'Policy',
  limits: 'Limits',
}

/** Those that no log holds, since no key is concerned. */
const otherNames: Record<string, string> = {
  not_found: 'Path with more than one reading',
  invalid_api_key: 'Unknown token',
}

const outcomeName = (code: string) => verdictNames[code] ?? otherNames[code] ?? code
