import { Button } from '@cloudflare/kumo/components/button'
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown'
import { DotsThreeIcon } from '@phosphor-icons/react'
import type { ReactNode } from 'react'

/** The menu at the end of a table row. */
export function ActionsMenu({ name, children }: { name: string; children: ReactNode }) {
  return (
    <DropdownMenu>
      <DropdownMenu.Trigger
        render={
          <Button
            variant="ghost"
            size="sm"
            shape="square"
            icon={<DotsThreeIcon size={20} weight="bold" />}
            aria-label={`Actions for ${name}`}
          />
        }
      />
      <DropdownMenu.Content>{children}</DropdownMenu.Content>
    </DropdownMenu>
  )
}
