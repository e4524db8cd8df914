import { hostOrigin } from './stored-session.ts'

/** To the page that the customer came from; nothing where the session names none. */
export function HostLink() {
  const origin = hostOrigin()
  if (origin === null) return null
  return (
    <a class="text-sm text-link underline wrap-anywhere" href={`${origin}/`} rel="noreferrer">
      Back to <bdi>{new URL(origin).host}</bdi>
    </a>
  )
}
