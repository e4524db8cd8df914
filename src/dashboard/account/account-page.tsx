// The account as a whole, for its owners: everything of it to take along, and its end.
import { Button } from '@cloudflare/kumo/components/button'
import { DownloadSimpleIcon } from '@phosphor-icons/react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSignedIn } from '../session/signed-in.tsx'
import { Card } from '../ui/card.tsx'
import NotFoundPage from '../ui/not-found-page.tsx'
import { Page } from '../ui/page.tsx'
import { accountFactsQuery, exportPath } from './api.ts'
import { DeleteAccountDialog } from './delete-account-dialog.tsx'

/** Not a link of the page: the browser saves what comes, as it comes. */
function download() {
  const link = document.createElement('a')
  link.href = exportPath
  link.download = ''
  link.click()
}

export default function AccountPage() {
  const { role, account } = useSignedIn()
  const { data } = useQuery(accountFactsQuery)
  const [isDeleting, setIsDeleting] = useState(false)
  if (role !== 'owner') return <NotFoundPage />
  return (
    <Page title="Account" description={account.name} isNarrow>
      <Card title="Take everything along">
        <div className="flex flex-col items-start gap-4 text-base">
          <p>
            All keys with what is known of them, the whole audit log and all usage, as lines of
            JSON. Tokens are in none of them: nobody has those but who uses them.
          </p>
          <Button icon={DownloadSimpleIcon} onClick={download}>
            Export
          </Button>
        </div>
      </Card>
      <Card title="Delete the account">
        <div className="flex flex-col items-start gap-4 text-base">
          <p>
            Every key stops at once. You have 14 days to take that back; then the account and
            everything in it is deleted for good.
          </p>
          <Button
            variant="destructive"
            disabled={Boolean(data?.closes_at)}
            onClick={() => setIsDeleting(true)}
          >
            Delete the account
          </Button>
        </div>
      </Card>
      {isDeleting && <DeleteAccountDialog onClose={() => setIsDeleting(false)} />}
    </Page>
  )
}
