// The only place that loads the page anew: not while the server does not answer, which would end in an error page of the
// browser, and not while something is shown once.
import { isAnswering } from '../api/client.ts'
import { whenReleased } from './held-page.ts'

const retryMs = 3_000

export async function reloadPage(): Promise<void> {
  await whenReleased()
  while (!(await isAnswering())) {
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
  location.reload()
}
