// A menu whose code follows the first paint: until it is opened for the first time, only its button is there.
import { type ComponentProps, cloneElement, type ReactElement, Suspense, useState } from 'react'
import { Boundary } from './boundary.tsx'
import { chunk } from './chunk.ts'
import { lateNotice } from './late-notice.tsx'
import type { MenuItem } from './open-menu.tsx'

export type { MenuItem }

const OpenMenu = chunk(() => import('./open-menu.tsx'))

export const preloadMenus = OpenMenu.preload

type Props = {
  trigger: ReactElement<ComponentProps<'button'>>
  items: readonly (MenuItem | false)[]
}

export function Menu({ trigger, items }: Props) {
  const [isWanted, setIsWanted] = useState(false)
  const button = cloneElement(trigger, {
    'aria-haspopup': 'menu',
    'aria-expanded': isWanted,
    onClick: () => setIsWanted(true),
    onKeyDown: ({ key }) => {
      if (key === 'ArrowDown' || key === 'ArrowUp') setIsWanted(true)
    },
  })
  if (!isWanted) return button
  return (
    <Boundary fallback={lateNotice(() => setIsWanted(false), button)}>
      <Suspense fallback={button}>
        <OpenMenu trigger={trigger} items={items.filter((item) => item !== false)} />
      </Suspense>
    </Boundary>
  )
}
