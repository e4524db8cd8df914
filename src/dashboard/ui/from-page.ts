// Back to the page that led here, once the work of this one is done: not to a second one of it.
import { useHistoryState } from 'wouter/use-browser-location'

/** The state of a history entry to which a page of the dashboard led. */
export const fromPage = { from: 'page' }

/** @param otherwise where the address was opened by itself */
export function useGoBack(otherwise: () => void): () => void {
  const { from } = useHistoryState<Partial<typeof fromPage> | null>() ?? {}
  return from === fromPage.from ? () => history.back() : otherwise
}
