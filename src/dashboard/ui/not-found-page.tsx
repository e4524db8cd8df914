import { Empty } from '@cloudflare/kumo/components/empty'
import { CompassIcon } from '@phosphor-icons/react'
import { Link } from 'wouter'
import { Page } from './page.tsx'

export default function NotFoundPage() {
  return (
    <Page title="Nothing here">
      <Empty
        icon={<CompassIcon size={48} />}
        title="There is no page at this address"
        description="It may have been typed wrong, or belong to another account."
        contents={
          <Link href="/keys" className="text-kumo-link underline">
            To the API keys
          </Link>
        }
      />
    </Page>
  )
}
