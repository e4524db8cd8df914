// In a dialog that shows what is shown only once: holds the page, and says so to who tries to leave it.
import { useHoldPage } from './held-page.ts'

/** `confirmation`: the button that ends it. */
export function HeldNotice({ confirmation }: { confirmation: string }) {
  const isLeaving = useHoldPage()
  return (
    <p role="alert" className="text-base font-medium text-kumo-danger empty:hidden">
      {isLeaving && `Not yet: it is gone once you leave. Store it, then press “${confirmation}”.`}
    </p>
  )
}
