// A dialog with a heading and buttons; its content scrolls on small screens.
import { Dialog } from '@cloudflare/kumo/components/dialog'
import type { ReactNode } from 'react'

type Props = {
  title: string
  /** A name within the title, which may be written from right to left. */
  subject?: string | undefined
  description?: ReactNode
  size?: 'base' | 'lg' | 'xl'
  /** Without it, only the dialog's own buttons close it. */
  onClose?: (() => void) | undefined
  children: ReactNode
  buttons: ReactNode
}

export function Modal({
  title,
  subject,
  description,
  size = 'lg',
  onClose,
  children,
  buttons,
}: Props) {
  return (
    <Dialog.Root
      open
      disablePointerDismissal={onClose === undefined}
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose?.()
      }}
    >
      <Dialog
        size={size}
        className="flex max-h-[calc(100dvh-4rem)] flex-col sm:max-h-[calc(100dvh-8rem)]"
      >
        <div className="overflow-y-auto p-5 sm:p-6">
          <Dialog.Title className="text-lg font-semibold break-words text-kumo-default">
            <WithName text={title} name={subject} />
          </Dialog.Title>
          {description && (
            <Dialog.Description className="mt-1 text-base text-kumo-subtle">
              {description}
            </Dialog.Description>
          )}
          <div className="mt-4 flex flex-col gap-4">{children}</div>
        </div>
        <div className="flex flex-wrap justify-end gap-2 border-t border-kumo-hairline px-5 py-3 sm:px-6">
          {buttons}
        </div>
      </Dialog>
    </Dialog.Root>
  )
}

function WithName({ text, name }: { text: string; name: string | undefined }) {
  const at = name ? text.indexOf(name) : -1
  if (!name || at < 0) return <>{text}</>
  return (
    <>
      {text.slice(0, at)}
      <bdi>{name}</bdi>
      {text.slice(at + name.length)}
    </>
  )
}
