// What follows a change of factors: the list is read again, and first recovery codes are shown.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { factorsQuery } from '../session/factor-api.ts'
import { toast } from '../ui/toasts.tsx'

export function useFactorChange() {
  const client = useQueryClient()
  return async (text: string) => {
    toast(text)
    await client.invalidateQueries({ queryKey: factorsQuery.queryKey })
  }
}

/** `codes`: to be shown now, since they are never shown again. */
export function useEnrolment() {
  const [isAdding, setIsAdding] = useState(false)
  const [codes, setCodes] = useState<string[] | null>(null)
  const changed = useFactorChange()
  return {
    isAdding,
    begin: () => setIsAdding(true),
    cancel: () => setIsAdding(false),
    codes,
    async done(text: string, first: string[] | null) {
      setIsAdding(false)
      setCodes(first)
      await changed(text)
    },
    stored: () => setCodes(null),
  }
}
