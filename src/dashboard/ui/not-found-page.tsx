import { Empty } from '@cloudflare/kumo/components/empty'
import { CompassIcon } from '@phosphor-icons/react'
import { Link } from 'wouter'
import { Page } from './page.tsx'

export default function NotFoundPage() {
  return (
    <Page title="Page not found">
      <Empty
        icon={<CompassIcon size={48} />}
        title="No page at this address"
        description="The address may be mistyped, or the page may belong to another account."
        contents={
          <Link href="/keys" className="text-kumo-link underline">
            Go to API keys
          </Link>
        }
      />
    </Page>
  )
}
