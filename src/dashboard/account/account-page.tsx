// The quotas of the account, its second factors, its export and its deletion. Owners only.
import { Button } from '@cloudflare/kumo/components/button'
import { DownloadSimpleIcon } from '@phosphor-icons/react'
import { useState } from 'react'
import { useSignedIn } from '../session/signed-in.tsx'
import { Card } from '../ui/card.tsx'
import NotFoundPage from '../ui/not-found-page.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { QuotaMeters } from '../ui/quota-meters.tsx'
import { useTask } from '../ui/use-task.ts'
import { exportData } from './api.ts'
import { DeleteAccountDialog } from './delete-account-dialog.tsx'
import { FactorRequirement } from './factor-requirement.tsx'

export default function AccountPage() {
  const { role, account, standing } = useSignedIn()
  const exporting = useTask(exportData)
  if (role !== 'owner') return <NotFoundPage />
  return (
    <Page title="Account" description={account.name} isNarrow>
      <Card title="Quotas" description="The operator of this Latchkey can change them.">
        <QuotaMeters counts={standing.counts} quotas={standing.quotas} />
      </Card>
      <FactorRequirement />
      <Card title="Export data">
        <div className="flex flex-col items-start gap-4 text-base">
          <p>
            Download all keys with their settings, the full audit log and all usage as JSON lines.
            The export contains no tokens: Latchkey stores only their hashes.
          </p>
          <Button
            icon={DownloadSimpleIcon}
            loading={exporting.isPending}
            onClick={() => exporting.run()}
          >
            Export data
          </Button>
          <ProblemBanner problem={exporting.problem} />
        </div>
      </Card>
      {!standing.is_platform && <Deletion />}
    </Page>
  )
}

/** The account of the platform stays. */
function Deletion() {
  const { standing } = useSignedIn()
  const [isDeleting, setIsDeleting] = useState(false)
  return (
    <Card title="Delete account">
      <div className="flex flex-col items-start gap-4 text-base">
        <p>
          Every key stops working immediately. You can cancel the deletion for 14 days. After that,
          the account and all its data are permanently deleted.
        </p>
        <Button
          variant="destructive"
          disabled={standing.closes_at !== null || standing.suspended_at !== null}
          onClick={() => setIsDeleting(true)}
        >
          Delete account
        </Button>
      </div>
      {isDeleting && <DeleteAccountDialog onClose={() => setIsDeleting(false)} />}
    </Card>
  )
}
