import { Button } from '@cloudflare/kumo/components/button'
import { DotsThreeIcon } from '@phosphor-icons/react'
import { Menu, type MenuItem } from './menu.tsx'

/** The menu at the end of a table row. */
export function ActionsMenu(props: { name: string; items: readonly (MenuItem | false)[] }) {
  const trigger = (
    <Button
      variant="ghost"
      size="sm"
      shape="square"
      icon={<DotsThreeIcon size={20} weight="bold" />}
      aria-label={`Actions for ${props.name}`}
    />
  )
  return <Menu trigger={trigger} items={props.items} />
}
