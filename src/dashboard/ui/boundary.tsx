// What is shown in the place of a part of the page that failed.
import { Component, type ReactNode } from 'react'
import { connection } from '../api/connection.ts'
import { unexpected } from '../api/problem.ts'
import { forgetFailedChunks } from './chunk.ts'
import { Page } from './page.tsx'
import { ProblemBanner } from './problem-banner.tsx'

export type Fallback = (failure: { problem: Error; retry: () => void }) => ReactNode

type Props = {
  children: ReactNode
  fallback: Fallback
  /** Another one: another page, which has not failed. */
  page?: string
}

type State = { error: unknown; page: string | undefined }
const none = Symbol('none')

export class Boundary extends Component<Props, State> {
  override state: State = { error: none, page: this.props.page }

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error }
  }

  static getDerivedStateFromProps({ page }: Props, state: State): State | null {
    if (page === state.page) return null
    forgetFailedChunks({ isAskedFor: false })
    return { error: none, page }
  }

  #end: (() => void) | null = null

  // Code that did not arrive may arrive now: whoever asked for it is waiting.
  override componentDidMount() {
    this.#end = connection.on(() => {
      if (this.state.error !== none && connection.lostAtMs() === null) this.#retry()
    })
  }

  override componentWillUnmount() {
    this.#end?.()
  }

  #retry() {
    forgetFailedChunks({ isAskedFor: true })
    this.setState({ error: none })
  }

  override render() {
    const { error } = this.state
    if (error === none) return this.props.children
    return this.props.fallback({ problem: unexpected(error), retry: () => this.#retry() })
  }
}

/** In the place of a whole page. */
export const failedPage: Fallback = ({ problem, retry }) => (
  <Page title="This page could not be shown">
    <ProblemBanner problem={problem} onRetry={retry} />
  </Page>
)

/** In the place of a part of a page. */
export const failedPart: Fallback = ({ problem, retry }) => (
  <ProblemBanner problem={problem} onRetry={retry} />
)
