// A component whose code is loaded when it is first shown. What fails to load is tried once more, and then again when the
// person tries again or the server is back: then by a reload, since Chromium asks for a module once a page. Never by a reload
// that follows another by itself.
import { type ComponentType, createElement, use } from 'react'
import { isAnswering, servedPage } from '../api/client.ts'
import { ApiProblem } from '../api/problem.ts'
import { reloadPage } from './reload.ts'

type Module<Props> = { default: ComponentType<Props> }

const retryMs = 800
type Attempt = { isAskedFor: boolean }
const failed = new Set<(next: Attempt) => void>()

/** The next time that they are shown, they are loaded anew. `isAskedFor`: a person waits for them. */
export function forgetFailedChunks(next: Attempt): void {
  for (const forget of failed) forget(next)
  failed.clear()
}

export function chunk<Props extends object = object>(load: () => Promise<Module<Props>>) {
  let loading: Promise<Module<Props>> | null = null
  let loaded: Module<Props> | null = null
  let attempt: Attempt = { isAskedFor: false }
  const start = () => {
    loading ??= loadTwice(load, attempt).then(
      (module) => {
        loaded = module
        return module
      },
      (error: unknown) => {
        // Until then the same failure, since React asks for it again.
        failed.add((next) => {
          loading = null
          attempt = next
        })
        throw error
      },
    )
    return loading
  }
  function Chunk(props: Props) {
    // Without a promise, what is there is drawn at once.
    return createElement((loaded ?? use(start())).default, props)
  }
  return Object.assign(Chunk, {
    /** Before it is shown. A failure is told when it is shown. */
    preload: () =>
      start().then(
        () => {},
        () => {},
      ),
  })
}

async function loadTwice<Props>(
  load: () => Promise<Module<Props>>,
  attempt: Attempt,
): Promise<Module<Props>> {
  try {
    return await load()
  } catch {
    await new Promise((resolve) => setTimeout(resolve, retryMs))
    return load().catch((cause: unknown) => explain(cause, attempt))
  }
}

async function explain(cause: unknown, { isAskedFor }: Attempt): Promise<never> {
  // A page that was loaded before a deployment asks for chunks that no longer exist.
  if ((await isAnswering()) && (isAskedFor || (await isOutdated()))) {
    await reloadPage()
    // Nothing may be shown in the moment before.
    return new Promise(() => {})
  }
  throw new ApiProblem({
    title: 'This part of the page could not be loaded',
    detail: 'Its code did not arrive. Check your connection and try again.',
    status: 0,
    code: 'chunk',
    requestId: null,
    cause,
  })
}

/** Whether the server has another build now: not every file of the page is of it. */
async function isOutdated(): Promise<boolean> {
  const served = await servedPage().catch(() => null)
  if (served === null) return false
  const scripts = [...document.querySelectorAll<HTMLScriptElement>('script[type=module]')]
  return scripts.some(({ src }) => !served.includes(new URL(src).pathname))
}
