// Of toasts.tsx, which loads it.
import { createKumoToastManager, Toasty } from '@cloudflare/kumo/components/toast'
import { useEffect } from 'react'

const manager = createKumoToastManager()

export type Toast = Parameters<typeof manager.add>[0]

/** `take`: those that were added since it was called last; `added`: their number so far. */
export default function ShownToasts({ take, added }: { take: () => Toast[]; added: number }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time that there is another one.
  useEffect(() => {
    for (const toast of take()) manager.add(toast)
  }, [added])
  return <Toasty toastManager={manager}>{null}</Toasty>
}
