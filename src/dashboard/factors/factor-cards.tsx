// The second factors of the user.
import { Banner } from '@cloudflare/kumo/components/banner'
import { InfoIcon, WarningIcon } from '@phosphor-icons/react'
import { useQuery } from '@tanstack/react-query'
import { type Factors, factorsQuery } from '../session/factor-api.ts'
import { Card } from '../ui/card.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { PasskeyCard } from './passkey-card.tsx'
import { RecoveryCodesCard } from './recovery-codes-card.tsx'
import { TotpCard } from './totp-card.tsx'

export function FactorCards() {
  const { data, error, refetch } = useQuery(factorsQuery)
  if (data === undefined) {
    return (
      <Card title="Second factors">
        <ProblemBanner problem={error} onRetry={() => refetch()} />
        {error === null && <ListSkeleton rows={2} label="Loading second factors" />}
      </Card>
    )
  }
  return (
    <>
      <Advice factors={data} />
      <PasskeyCard factors={data} />
      <TotpCard factors={data} />
      {data.recovery_codes !== null && <RecoveryCodesCard codes={data.recovery_codes} />}
    </>
  )
}

/** The most urgent advice, of one. */
function Advice({ factors }: { factors: Factors }) {
  const advice = adviceFor(factors)
  if (advice === null) return null
  const Icon = advice.isUrgent ? WarningIcon : InfoIcon
  return (
    <Banner
      variant={advice.isUrgent ? 'alert' : 'default'}
      // Kumo's colour has a contrast of 4; WCAG AA needs 4.5.
      className="text-kumo-default"
      icon={<Icon weight="fill" />}
      title={advice.title}
      description={advice.text}
    />
  )
}

const fewCodes = 3

type AdviceText = { isUrgent: boolean; title: string; text: string }

function adviceFor({ password, totp, passkeys, recovery_codes }: Factors): AdviceText | null {
  const count = passkeys.length + (totp === null ? 0 : 1)
  if (count === 0) {
    return {
      isUrgent: false,
      title: 'You have no second factor',
      text: `Add a passkey or an authenticator app: ${password ? 'a password that somebody learns is' : 'what you sign in with is'} then not enough to sign in as you.`,
    }
  }
  const left = recovery_codes?.left ?? 0
  if (left <= fewCodes) {
    return {
      isUrgent: true,
      title: left === 0 ? 'No recovery codes are left' : `Few recovery codes are left: ${left}`,
      text: 'Without them you cannot sign in once you lose your second factor. Make new ones below.',
    }
  }
  if (count > 1) return null
  return {
    isUrgent: false,
    title: 'You have one second factor',
    text: 'Add another one, so that you can sign in when you do not have it with you.',
  }
}
