import { useSearchParams } from 'wouter'
import { withoutPage } from './pager.tsx'

/** Sets query parameters of the address, or removes them. Filters live there, so that a list can be shared. */
export function useSetSearchParams() {
  const [, setParams] = useSearchParams()
  return (values: Record<string, string | null>) =>
    setParams(
      (params) => {
        const next = withoutPage(params)
        for (const [name, value] of Object.entries(values)) {
          if (value) next.set(name, value)
          else next.delete(name)
        }
        return next
      },
      { replace: true },
    )
}

export function useSetSearchParam() {
  const setParams = useSetSearchParams()
  return (name: string, value: string | null) => setParams({ [name]: value })
}
