// A native modal dialog: it keeps the focus, makes the page behind it inert, and gives the focus back.
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef } from 'preact/hooks'

type Props = {
  title: string
  /** It holds what would be lost, so that Escape does not close it, and the browser asks before the page is left. */
  isHeld?: boolean
  onClose: () => void
  children: ComponentChildren
}

export function Dialog({ title, isHeld = false, onClose, children }: Props) {
  const id = useId()
  const ref = useRef<HTMLDialogElement>(null)
  useHeldPage(isHeld)
  // Before anything else happens: a key that is pressed at once is the dialog's.
  useLayoutEffect(() => {
    const opener = document.activeElement
    const dialog = ref.current
    dialog?.showModal()
    return () => {
      // The page behind an open dialog takes no focus.
      dialog?.close()
      if (opener instanceof HTMLElement) opener.focus()
    }
  }, [])
  const wantClose = (event: Event) => {
    event.preventDefault()
    if (!isHeld) onClose()
  }
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      class="m-auto max-h-[90dvh] w-[min(34rem,calc(100vw-1.5rem))] overflow-auto rounded-xl border border-line bg-base p-5 text-ink shadow-lg"
      onKeyDown={(event) => event.key === 'Escape' && wantClose(event)}
      onCancel={wantClose}
      // Browsers close a dialog that refuses its second Escape.
      onClose={() => isHeld && ref.current?.showModal()}
    >
      <h2 id={id} class="text-lg font-semibold wrap-anywhere">
        {title}
      </h2>
      <div class="mt-3 flex flex-col gap-4">{children}</div>
    </dialog>
  )
}

function useHeldPage(isHeld: boolean): void {
  useEffect(() => {
    if (!isHeld) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [isHeld])
}

export function DialogButtons({ children }: { children: ComponentChildren }) {
  return <div class="flex flex-wrap justify-end gap-2">{children}</div>
}
