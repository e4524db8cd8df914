// In the place of Kumo's tooltip, which brings 60 kB to every page with a button (vite.config.ts): the browser shows `title` itself.
import { cloneElement, type ReactElement, type ReactNode } from 'react'

type Props = {
  content: string
  render: ReactElement<{ title: string; children?: ReactNode }>
  children?: ReactNode
}

export function Tooltip({ content, render, children }: Props) {
  return cloneElement(render, { title: content, ...(children !== undefined && { children }) })
}
