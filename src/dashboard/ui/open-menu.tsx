// Of menu.tsx, which loads it.
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown'
import { type ComponentProps, type ReactElement, useEffect, useRef } from 'react'

export type MenuItem = {
  name: string
  icon?: typeof import('@phosphor-icons/react').CheckIcon
  isDanger?: boolean
} & ({ onClick: () => void } | { href: string; isCurrent: boolean })

type Props = { trigger: ReactElement<ComponentProps<'button'>>; items: readonly MenuItem[] }

export default function OpenMenu({ trigger, items }: Props) {
  const button = useRef<HTMLButtonElement>(null)
  const wasOpened = useRef(false)
  // By a press and not by `defaultOpen`, after which no item would have the focus.
  useEffect(() => {
    if (!wasOpened.current) button.current?.click()
    wasOpened.current = true
  }, [])
  return (
    <DropdownMenu>
      <DropdownMenu.Trigger render={trigger} ref={button} />
      <DropdownMenu.Content>
        {items.map((item) => (
          <Item key={'href' in item ? item.href : item.name} {...item} />
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  )
}

function Item({ name, icon, isDanger = false, ...item }: MenuItem) {
  const look = { ...(icon && { icon }), variant: isDanger ? 'danger' : 'default' } as const
  if ('onClick' in item) {
    return (
      <DropdownMenu.Item {...look} onClick={item.onClick}>
        {name}
      </DropdownMenu.Item>
    )
  }
  return (
    <DropdownMenu.LinkItem
      {...look}
      href={item.href}
      aria-current={item.isCurrent ? 'true' : undefined}
    >
      {name}
    </DropdownMenu.LinkItem>
  )
}
