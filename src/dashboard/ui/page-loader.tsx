import { Loader } from '@cloudflare/kumo/components/loader'

export function PageLoader() {
  return (
    <div
      role="status"
      aria-label="Loading"
      className="flex min-h-60 items-center justify-center p-8"
    >
      <Loader />
    </div>
  )
}
