import { useEffect } from 'react'

/** The browser prompts before the page is left: for what is shown once. */
export function useConfirmLeaving(): void {
  useEffect(() => {
    const confirmLeaving = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', confirmLeaving)
    return () => removeEventListener('beforeunload', confirmLeaving)
  }, [])
}
