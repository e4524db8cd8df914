// A dialog whose code is loaded when it is opened.
import { type ComponentType, Suspense } from 'react'
import { Boundary } from './boundary.tsx'
import { chunk } from './chunk.ts'
import { lateNotice } from './late-notice.tsx'

export function lazyDialog<Props extends { onClose: (...args: never[]) => void }>(
  load: () => Promise<{ default: ComponentType<Props> }>,
) {
  const Dialog = chunk(load)
  return function LazyDialog(props: Props) {
    const close = props.onClose as () => void
    return (
      <Boundary fallback={lateNotice(() => close())}>
        <Suspense fallback={null}>
          <Dialog {...props} />
        </Suspense>
      </Boundary>
    )
  }
}
