import { useSearchParams } from 'wouter'

/** Sets one query parameter of the address, or removes it. Filters live there, so that a list can be shared. */
export function useSetSearchParam() {
  const [, setParams] = useSearchParams()
  return (name: string, value: string | null) =>
    setParams(
      (params) => {
        if (value) params.set(name, value)
        else params.delete(name)
        return params
      },
      { replace: true },
    )
}
