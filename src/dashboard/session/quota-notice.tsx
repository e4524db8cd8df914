// On the page where one makes what a quota counts: that it is nearly used up, before it refuses anything.
import { Banner } from '@cloudflare/kumo/components/banner'
import { WarningIcon } from '@phosphor-icons/react'
import { type Quota, quotaText } from './quota-text.ts'
import { useSignedIn } from './signed-in.tsx'

export function QuotaNotice({ quota }: { quota: Quota }) {
  const { standing, canChange } = useSignedIn()
  const text = quotaText(quota, standing)
  if (text === null || !canChange) return null
  // Not `alert`, whose contrast is 3.9:1.
  return <Banner variant="secondary" icon={<WarningIcon weight="fill" />} {...text} />
}
