import type { ComponentChildren, JSX } from 'preact'

type Props = {
  kind?: 'primary' | 'danger' | 'plain'
  isPending?: boolean
  children: ComponentChildren
} & Omit<JSX.IntrinsicElements['button'], 'class' | 'children'>

const kinds = {
  primary: 'bg-brand text-on-brand hover:bg-brand-hover border-transparent',
  danger: 'bg-danger text-on-brand hover:bg-danger-hover border-transparent',
  plain: 'bg-base hover:bg-tint border-line',
}

/** While its request is pending it keeps the focus. */
export function Button({ kind = 'plain', isPending = false, children, ...props }: Props) {
  return (
    <button
      type="button"
      class={`inline-flex min-h-9 cursor-pointer items-center justify-center rounded-lg border px-3 py-1.5 text-sm font-medium aria-disabled:cursor-default aria-disabled:opacity-60 disabled:cursor-default disabled:opacity-60 ${kinds[kind]}`}
      {...props}
      {...(isPending && { 'aria-disabled': 'true' })}
    >
      {children}
    </button>
  )
}
